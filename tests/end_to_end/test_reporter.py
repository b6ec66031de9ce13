"""The read-only role reads the marts and nothing else, whatever was built since, whoever builds.

Roles belong to the whole server: each has a name of its own here and is dropped at the end.
"""

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from databases import connect_to
from psycopg import sql

ROOT = Path(__file__).parents[2]
Environment = dict[str, str]
RELATIONS = """
    select format('%I.%I', schemas.nspname, tables.relname)
    from pg_namespace as schemas
    inner join pg_class as tables on schemas.oid = tables.relnamespace
    where
        schemas.nspname !~ '^pg_' and schemas.nspname != 'information_schema'
        and tables.relkind in ('r', 'v', 'm', 'p')
"""


def test_the_role_reads_marts_and_nothing_else_after_two_more_builds(
    own_database: Environment,
) -> None:
    with roles(own_database, 1) as (name,):
        own_database |= {"LOADER_REPORTER": name}
        build(own_database)
        made = loader(own_database, "db", "reporter", "--json")
        assert made.returncode == 0, made.stderr
        facts = json.loads(made.stdout)
        assert (facts["user"], facts["schema"]) == (name, "marts")
        readable, refused = what_is_readable(own_database, facts["url"])
        assert len(readable) > 20
        assert {table.partition(".")[0] for table in readable} == {"marts"}
        assert {table.partition(".")[0] for table in refused} >= {
            *("loader", "raw_databricks", "staging", "intermediate", "reference")
        }

        build(own_database)
        build(own_database, "--full-refresh")
        assert what_is_readable(own_database, facts["url"]) == (readable, refused)
        writes_nothing(facts["url"])

        with connect_to(own_database) as builder:
            builder.execute("drop schema marts cascade")
        build(own_database, of="dim_teams")
        assert what_is_readable(own_database, facts["url"])[0] == {"marts.dim_teams"}


def test_a_password_is_shown_once_and_changed_only_on_demand(own_database: Environment) -> None:
    with roles(own_database, 1) as (name,):
        first = json.loads(loader(own_database, "db", "reporter", name, "--json").stdout)
        again = json.loads(loader(own_database, "db", "reporter", name, "--json").stdout)
        assert again == first | {"password": None, "url": None}
        psycopg.connect(first["url"]).close()

        renewed = loader(own_database, "db", "reporter", name, "--json", "--new-password")
        psycopg.connect(json.loads(renewed.stdout)["url"]).close()
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(first["url"])


def test_a_builder_who_may_not_make_roles_says_what_is_missing(own_database: Environment) -> None:
    with roles(own_database, 2) as (builder, name), database_of(own_database, builder) as theirs:
        refused = loader(theirs, "db", "reporter", name)
        assert refused.returncode == 3
        assert f"error: {builder} may not create roles on this server" in refused.stderr
        assert f'create role "{name}" login password' in refused.stderr

        with connect_to(own_database) as administrator:
            identifier = sql.Identifier(name)
            administrator.execute(
                sql.SQL("create role {} login password 'its-own'").format(identifier)
            )
        # Its own build lets the role in: nobody has to be asked for more than the role.
        build(theirs | {"LOADER_REPORTER": name}, of="+rpt_costs_monthly")
        url = (
            f"postgresql://{quote(name)}:its-own@{theirs['PGHOST']}:{theirs['PGPORT']}"
            f"/{theirs['PGDATABASE']}"
        )
        readable, _ = what_is_readable(theirs, url)
        assert "marts.rpt_costs_monthly" in readable
        assert {table.partition(".")[0] for table in readable} == {"marts"}

        with connect_to(own_database | {"PGDATABASE": theirs["PGDATABASE"]}) as administrator:
            administrator.execute("create table marts.of_somebody_else (id int)")
        not_all = loader(theirs, "db", "reporter", name)
        assert not_all.returncode == 3
        assert "does not own the schema marts and all that is in it" in not_all.stderr
        build(theirs | {"LOADER_REPORTER": name}, of="dim_teams")


def test_a_role_that_is_more_than_a_reader_is_refused_or_named(own_database: Environment) -> None:
    refused = loader(own_database, "db", "reporter", own_database["PGUSER"])
    assert refused.returncode == 2
    assert "may do more than read" in refused.stderr
    with roles(own_database, 1) as (name,), connect_to(own_database) as builder:
        builder.execute("create table public.open_to_all (id int)")
        builder.execute("grant select on public.open_to_all to public")
        made = loader(own_database, "db", "reporter", name)
        builder.execute("drop table public.open_to_all")
    assert made.returncode == 0
    assert "1 tables outside marts, such as public.open_to_all" in made.stderr


def what_is_readable(environment: Environment, url: str) -> tuple[set[str], set[str]]:
    """Return the tables and views the role of the URL can read, and those it cannot."""
    with connect_to(environment) as builder:
        tables = {table for (table,) in builder.execute(RELATIONS)}
    readable = set()
    with psycopg.connect(url, autocommit=True) as reader:
        for table in tables:
            try:
                reader.execute(f"select * from {table} limit 1")
                readable.add(table)
            except psycopg.errors.InsufficientPrivilege:
                pass
    return readable, tables - readable


def writes_nothing(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as reader:
        for statement in (
            "delete from marts.dim_teams",
            "truncate marts.fct_charges",
            "drop table marts.dim_teams",
            "create table marts.own (id int)",
            "create table public.own (id int)",
            "create schema own",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(statement)


def build(environment: Environment, *arguments: str, of: str = "") -> None:
    """Build the models and seeds, all or those selected, without their tests."""
    selection = ["--select", of] if of else []
    kinds = ["--resource-type", "seed", "--resource-type", "model"]
    built = loader(environment, "build", *kinds, *selection, *arguments)
    assert built.returncode == 0, built.stdout + built.stderr


def loader(environment: Environment, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "loader", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def roles(environment: Environment, number: int) -> Iterator[list[str]]:
    """Yield names for roles, and drop those that exist in the end, with what they were granted."""
    names = [f"Reader {secrets.token_hex(4)}" for _ in range(number)]
    yield names
    with connect_to(environment) as builder:
        made = builder.execute("select rolname from pg_roles where rolname = any(%s)", [names])
        for role in [sql.Identifier(name) for (name,) in made.fetchall()]:
            builder.execute(sql.SQL("drop owned by {}").format(role))
            builder.execute(sql.SQL("drop role {}").format(role))


@contextmanager
def database_of(environment: Environment, builder: str) -> Iterator[Environment]:
    """Yield the variables of an ordinary role and of a database it owns."""
    role, name = sql.Identifier(builder), f"loader_test_{secrets.token_hex(6)}"
    with connect_to(environment) as server:
        server.execute(sql.SQL("create role {} login password 'plain'").format(role))
        server.execute(
            sql.SQL("create database {} owner {} template template0").format(
                sql.Identifier(name), role
            )
        )
        yield environment | {"PGUSER": builder, "PGPASSWORD": "plain", "PGDATABASE": name}
        server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
