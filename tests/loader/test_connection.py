"""Where the loader connects to, and what it says when it cannot."""

import json
import os
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from typer.testing import CliRunner

from loader.commands import database as cli_db
from loader.connection import OWN_SERVER_VARIABLES, connect, dbt_environment, describe
from loader.connection_failure import explain_error
from loader.embedded import EmbeddedServer
from loader.errors import DatabaseError
from loader.project import Project

CANARY = "hunter2-canary"


@pytest.fixture(autouse=True)
def no_own_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*OWN_SERVER_VARIABLES, "LOCALPG_BIN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def project(
    temporary_project: Callable[[], AbstractContextManager[Project]],
) -> Iterator[Project]:
    with temporary_project() as project:
        yield project


@pytest.fixture
def unstarted(
    temporary_project: Callable[[], AbstractContextManager[Project]],
) -> Iterator[Project]:
    """Yield a project no server of which may ever be started."""
    with temporary_project() as project:
        yield project
        assert not project.server_home.exists()


def url_of(environment: dict[str, str]) -> str:
    return (
        f"postgresql://{environment['PGUSER']}:{environment['PGPASSWORD']}"
        f"@{environment['PGHOST']}:{environment['PGPORT']}/{environment['PGDATABASE']}"
    )


def db(project: Project, *arguments: str) -> str:
    """Run `loader db …` and return what it prints."""
    result = CliRunner().invoke(
        cli_db.app, list(arguments), obj=project, catch_exceptions=False, standalone_mode=False
    )
    return result.stdout


def refusal_of(project: Project) -> DatabaseError:
    with pytest.raises(DatabaseError) as refusal:
        connect(project)
    error = refusal.value
    assert error.exit_code == 3
    shown = "".join(traceback.format_exception(error))
    assert CANARY not in shown
    return error


def test_without_settings_the_embedded_server_is_started(project: Project) -> None:
    with connect(project) as connection:
        assert connection.info.dbname == "warehouse"
    address = EmbeddedServer(project.server_home).status().address
    assert describe(project) == f"embedded PostgreSQL 18.6 at {address}"


def test_session_owes_nothing_to_defaults(
    server: dict[str, str],
    project: Project,
    unstarted: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = {
        "timezone": "UTC",
        "datestyle": "ISO, MDY",
        "client_encoding": "UTF8",
        "search_path": "pg_catalog, pg_temp",
        "application_name": "loader",
        "default_transaction_isolation": "read committed",
        "quote_all_identifiers": "off",
        "statement_timeout": "0",
        "lock_timeout": "0",
        "idle_in_transaction_session_timeout": "0",
        "transaction_timeout": "0",
    }
    assert settings_after_rollback(project, expected) == expected
    monkeypatch.setenv("DATABASE_URL", f"{url_of(server)}?application_name=other")
    timeouts = " ".join(f"-c {name}=60000" for name in expected if name.endswith("_timeout"))
    others = "-c default_transaction_isolation=serializable -c quote_all_identifiers=on"
    monkeypatch.setenv("PGOPTIONS", f"{timeouts} {others}")
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    monkeypatch.setenv("PGDATESTYLE", "german")
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    assert settings_after_rollback(unstarted, expected) == expected


def settings_after_rollback(project: Project, names: Iterable[str]) -> dict[str, str]:
    query = "select lower(name), setting from pg_settings where lower(name) = any(%s)"
    with connect(project) as connection:
        assert connection.prepare_threshold is None
        connection.rollback()
        return dict(connection.execute(query, [list(names)]).fetchall())


READ_ONLY = (
    "PostgreSQL: cannot execute CREATE TABLE in a read-only transaction (25006)",
    "the loader writes; name a database that takes writes, and no standby",
)
OF_ROWS = ("PostgreSQL: 22P02", "see: loader db status")


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("set transaction_read_only = on; create table t ()", READ_ONLY),
        (f"select '{CANARY}'::int", OF_ROWS),
    ],
)
def test_an_unexpected_error_is_told_without_content(
    project: Project, statement: str, expected: tuple[str, str]
) -> None:
    with connect(project) as connection, pytest.raises(psycopg.Error) as refusal:
        connection.execute(statement)
    error = explain_error(refusal.value)
    assert (error.message, *error.hints) == expected


def test_a_lost_connection_is_told_as_such() -> None:
    error = explain_error(psycopg.OperationalError(CANARY))
    assert (error.message, *error.hints) == (
        "PostgreSQL: the connection was lost or refused",
        "see: loader db status",
    )


def test_what_psycopg_logs_reaches_no_terminal() -> None:
    script = "import logging, loader.connection; logging.getLogger('psycopg').warning('content')"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert (told.stdout, told.stderr) == (b"", b"")


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_of_another_encoding_is_refused(
    server: dict[str, str], unstarted: Project, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url_of(server))
    name = f"loader_test_{encoding.lower()}"
    with connect(unstarted, autocommit=True) as connection:
        connection.execute(f"drop database if exists {name}")
        connection.execute(
            f"create database {name} encoding '{encoding}' template template0"
            " locale_provider libc locale 'C'"
        )
        try:
            monkeypatch.setenv("DATABASE_URL", url_of(server | {"PGDATABASE": name}))
            refusal = refusal_of(unstarted)
        finally:
            connection.execute(f"drop database {name}")
    assert refusal.message.endswith(f"/{name}: its texts are in {encoding}")
    assert "createdb --encoding UTF8" in refusal.hints[0]


@pytest.mark.parametrize("autocommit", [True, False])
def test_autocommit_is_what_was_asked_for(project: Project, *, autocommit: bool) -> None:
    with connect(project, autocommit=autocommit) as connection:
        assert connection.autocommit is autocommit


@pytest.mark.parametrize("way", ["variables", "DATABASE_URL", "PGSERVICE", "password file"])
def test_own_server_is_used_and_none_is_started(
    server: dict[str, str],
    unstarted: Project,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    keys = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "dbname": "PGDATABASE"}
    file = tmp_path_factory.mktemp("libpq") / "file"
    if way == "DATABASE_URL":
        monkeypatch.setenv("DATABASE_URL", url_of(server))
    elif way == "PGSERVICE":
        keys |= {"password": "PGPASSWORD"}
        lines = [f"{key}={server[variable]}" for key, variable in keys.items()]
        file.write_text("\n".join(["[own]", *lines, ""]))
        monkeypatch.setenv("PGSERVICEFILE", str(file))
        monkeypatch.setenv("PGSERVICE", "own")
    else:
        for variable in keys.values():
            monkeypatch.setenv(variable, server[variable])
        file.write_text(f"*:*:*:*:{server['PGPASSWORD']}\n")
        file.chmod(0o600)
        given = ("PGPASSFILE", str(file)) if way == "password file" else ("PGPASSWORD", "")
        monkeypatch.setenv(given[0], given[1] or server["PGPASSWORD"])
    environment = dbt_environment(unstarted)
    handed_on = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE")
    assert {name: environment[name] for name in handed_on} == {
        name: server[name] for name in handed_on
    }
    where = f"{server['PGHOST']}:{server['PGPORT']}/{server['PGDATABASE']}"
    assert describe(unstarted).startswith("PostgreSQL ")
    assert describe(unstarted).endswith(f" at {where}")


@pytest.mark.parametrize(
    "variable",
    [
        "DATABASE_URL",
        "PGHOST",
        "PGHOSTADDR",
        "PGPORT",
        "PGUSER",
        "PGPASSWORD",
        "PGDATABASE",
        "PGSERVICE",
    ],
)
def test_any_setting_names_an_own_server(
    unstarted: Project, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    value = {"DATABASE_URL": "postgresql://nosuch.invalid/db", "PGPORT": "1"}.get(variable, "none")
    monkeypatch.setenv(variable, value)
    assert f"{variable} is set: the server is your own" in db(unstarted, "start")
    assert f"{variable} is set: the server is your own" in db(unstarted, "stop")


def test_empty_settings_name_none(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OWN_SERVER_VARIABLES:
        monkeypatch.setenv(name, " ")
    assert describe(project).startswith("embedded PostgreSQL")


def test_settings_made_for_the_embedded_server_still_mean_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = db(project, "url").strip()
    environment = dbt_environment(project)
    with monkeypatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        assert describe(project).startswith("embedded PostgreSQL")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert db(project, "stop") == "embedded PostgreSQL stopped\n"
    assert describe(project).startswith("embedded PostgreSQL")


def test_unreachable_server_is_named(unstarted: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        url = f"postgresql://ann:{CANARY}@127.0.0.1:{port}/costs"
        monkeypatch.setenv("DATABASE_URL", url)
        error = refusal_of(unstarted)
    assert str(error) == (
        f"127.0.0.1:{port}/costs: cannot connect: Connection refused\n"
        "  is the server running, and is this its port?\n"
        "  or unset the PG* variables and DATABASE_URL to use the embedded PostgreSQL"
    )


def test_unknown_host_is_named(unstarted: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "nosuch.invalid")
    monkeypatch.setenv("PGPASSWORD", CANARY)
    error = refusal_of(unstarted)
    assert (
        error.message == "nosuch.invalid:5432/: cannot connect: no address is known for this host"
    )


def test_silent_server_is_given_up_on(unstarted: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("PGHOST", "127.0.0.1")
        monkeypatch.setenv("PGPORT", str(silent.getsockname()[1]))
        monkeypatch.setenv("PGCONNECT_TIMEOUT", "2")
        began = time.monotonic()
        assert "timeout" in refusal_of(unstarted).message
    assert time.monotonic() - began < 8


def test_wrong_password_and_missing_database_are_told_apart(
    server: dict[str, str], unstarted: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = f"{server['PGHOST']}:{server['PGPORT']}"
    for wrong, told in (
        ({"PGPASSWORD": CANARY}, "password authentication failed for user"),
        ({"PGDATABASE": "no_such_db"}, 'database "no_such_db" does not exist'),
    ):
        monkeypatch.setenv("DATABASE_URL", url_of(server | wrong))
        error = refusal_of(unstarted)
        assert error.message.startswith(f"{where}/{(server | wrong)['PGDATABASE']}: cannot connect")
        assert told in error.message
        assert server["PGPASSWORD"] not in str(error)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://u:{CANARY} x@h/db",
        f"postgresql://u:{CANARY}%ZZ@h/db",
        f"postgresql://u:x@{CANARY}@h/db",
        f"postgresql://u:x/{CANARY}@h/db",
        f"postgresql://u:x@{CANARY}/y@h/db",
        f"postgresql://u:{CANARY}/x@h/db",
        f"postgresql://u:{CANARY}@h:54x29/db",
        f"postgresql+psycopg://u:{CANARY}@h/db",
        f"mysql://u:{CANARY}@h/db",
        f"postgresql://u:{CANARY}@h/db?no_such_option=1",
        CANARY,
    ],
)
def test_malformed_url_is_refused_without_showing_it(
    unstarted: Project, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    error = refusal_of(unstarted)
    assert error.message.startswith("DATABASE_URL: not a PostgreSQL connection string")
    assert error.hints[0] == "expected the form postgresql://user:password@host:5432/dbname"


@pytest.mark.parametrize(
    ("variable", "value"),
    [("PGPORT", "abc"), ("PGCONNECT_TIMEOUT", "soon"), ("PGHOST", "a..b"), ("PGSERVICE", "none")],
)
def test_unreadable_setting_is_no_traceback(
    unstarted: Project, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv("PGUSER", "ann")
    monkeypatch.setenv("PGPASSWORD", CANARY)
    monkeypatch.setenv(variable, value)
    assert "cannot connect" in refusal_of(unstarted).message


def test_old_server_is_refused(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psycopg.ConnectionInfo, "server_version", property(lambda _: 150018))
    monkeypatch.setattr(
        psycopg.ConnectionInfo, "parameter_status", lambda _, __: "15.18 (Debian 15.18-0+deb12u1)"
    )
    error = refusal_of(project)
    assert error.message.endswith("/warehouse: this is PostgreSQL 15.18")
    assert error.hints[0].startswith("PostgreSQL 16 or newer is needed")


def test_database_fixture_is_empty_and_is_the_one_connected_to(
    database: dict[str, str], unstarted: Project
) -> None:
    with connect(unstarted) as connection:
        tables = "select count(*) from pg_tables where schemaname !~ '^(pg_|information_schema)'"
        assert connection.execute(tables).fetchall() == [(0,)]
        assert connection.info.dbname == database["PGDATABASE"]


def test_url_holds_any_password(
    project: Project, database: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    awkward = "p@ss:w/ö r%d?#'"
    with connect(project, autocommit=True) as connection:
        role = f"awkward_{database['PGDATABASE']}"
        connection.execute(
            f"create role {role} login password '{awkward.replace(chr(39), chr(39) * 2)}'"
        )
        try:
            monkeypatch.setenv("PGUSER", role)
            monkeypatch.setenv("PGPASSWORD", awkward)
            url = db(project, "url").strip()
        finally:
            connection.execute(f"drop role {role}")
    assert conninfo_to_dict(url)["password"] == awkward
    assert conninfo_to_dict(url)["dbname"] == database["PGDATABASE"]


def test_env_is_read_by_a_shell(project: Project) -> None:
    script = 'eval "$1"; printf "%s|%s|%s" "$PGHOST" "$PGPASSWORD" "$PGDATABASE"'
    shell = subprocess.run(
        ["/bin/sh", "-c", script, "sh", db(project, "env")],
        capture_output=True,
        text=True,
        check=True,
    )
    password = EmbeddedServer(project.server_home).password()
    assert shell.stdout == f"127.0.0.1|{password}|warehouse"


def test_status_starts_nothing(unstarted: Project) -> None:
    facts = json.loads(db(unstarted, "status", "--json"))
    assert (facts["server"], facts["running"], facts["port"]) == ("embedded", False, None)
    assert db(unstarted, "stop") == "embedded PostgreSQL was not running\n"


def test_start_status_and_stop_agree(project: Project) -> None:
    assert db(project, "start") == f"{describe(project)}\n"
    facts = json.loads(db(project, "status", "--json"))
    assert (facts["running"], facts["dbname"]) == (True, "warehouse")
    assert EmbeddedServer(project.server_home).password() not in db(project, "status")
    assert db(project, "stop") == "embedded PostgreSQL stopped\n"


def test_status_of_an_own_server_that_is_away_fails(
    unstarted: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOST", "nosuch.invalid")
    with pytest.raises(DatabaseError):
        db(unstarted, "status")


def test_psql_gets_its_arguments_and_no_password_on_its_command_line(project: Project) -> None:
    script = (
        "from pathlib import Path; from loader.commands.database import app;"
        "from loader.project import find_project;"
        "app(['psql', '-At', '-c', 'select 41 + 1', '-c', 'show timezone'],"
        " obj=find_project(Path.cwd()))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=project.root,
        env=os.environ | {"PGSSLMODE": "require", "PGREQUIREAUTH": "none", "PGTZ": "Mars"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stdout, ran.stderr) == ("42\nUTC\n", "")


def test_psql_is_called_without_the_password(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr(os, "execve", lambda _program, argv, _env: called.append(argv))
    db(project, "psql", "-c", "select 1", "--help")
    assert called == [["psql", "-c", "select 1", "--help"]]
