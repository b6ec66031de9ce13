"""The embedded server, against real ones: it starts, whatever happened to the last."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
import pytest

from loader.connection import OWN_SERVER_VARIABLES
from loader.embedded import Address, EmbeddedServer
from loader.embedded import process as embedded_process
from loader.embedded.account import account_for
from loader.embedded.address import connect_to
from loader.embedded.binaries import binaries_folder
from loader.embedded.home import LOG_LIMIT_BYTES
from loader.errors import DatabaseError
from loader.project import Project

ProjectMaker = Callable[[], AbstractContextManager[Project]]
is_root = os.geteuid() == 0


@pytest.fixture(autouse=True)
def no_own_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*OWN_SERVER_VARIABLES, "LOCALPG_BIN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def fresh(temporary_project: ProjectMaker) -> Iterator[EmbeddedServer]:
    """Yield a server that has never been started."""
    with temporary_project() as project:
        yield EmbeddedServer(project.server_home)


@pytest.fixture(scope="module")
def shared(temporary_project: ProjectMaker) -> Iterator[EmbeddedServer]:
    """Yield one server for the tests that leave it fit to start again."""
    with temporary_project() as project:
        yield EmbeddedServer(project.server_home)


def answer(address: Address, query: str) -> object:
    with connect_to(address) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def kill_postmaster(server: EmbeddedServer) -> None:
    pid = server.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def start_elsewhere(server: EmbeddedServer) -> subprocess.Popen[str]:
    """Start the server from another Python process."""
    script = (
        "import sys; from pathlib import Path; from loader.embedded import EmbeddedServer;"
        "print(EmbeddedServer(Path(sys.argv[1])).start())"
    )
    return subprocess.Popen(
        [sys.executable, "-c", script, server.home],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def process_of_the_account(server: EmbeddedServer, *command: str) -> subprocess.Popen[bytes]:
    """Run a process the server could take for its own, as the same user."""
    account = account_for(server.home)
    user, group = (account.uid, account.gid) if account.dropped else (None, None)
    return subprocess.Popen(command, user=user, group=group, cwd="/")


def rewrite_pid(server: EmbeddedServer, pid: int) -> None:
    file = server.status().data / "postmaster.pid"
    file.write_text("\n".join([str(pid), *file.read_text().splitlines()[1:]]) + "\n")


def test_rows_survive_stop_and_start(shared: EmbeddedServer) -> None:
    with connect_to(shared.start()) as connection:
        connection.execute("create table kept as select generate_series(1, 1000) as id")
    assert shared.stop() is True
    assert shared.status().address is None
    assert shared.stop() is False
    assert answer(shared.start(), "select count(*) from kept") == 1000


def test_starting_a_running_server_returns_the_same_server(shared: EmbeddedServer) -> None:
    address = shared.start()
    pid = shared.status().pid
    assert shared.start() == address
    assert shared.status().pid == pid
    assert shared.status().address == address


def test_server_outlives_the_process_that_started_it(shared: EmbeddedServer) -> None:
    shared.stop()
    with start_elsewhere(shared) as starter:
        assert starter.wait(60) == 0
        assert starter.stdout is not None
        printed = starter.stdout.read().strip()
    assert printed == str(shared.status().address)


def test_session_is_the_same_on_every_machine(shared: EmbeddedServer) -> None:
    address = shared.start()
    settings = {
        "server_encoding": "UTF8",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "data_checksums": "on",
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "client_connection_check_interval": "1s",
        "fsync": "on",
    }
    assert {name: answer(address, f"show {name}") for name in settings} == settings
    locale = "select format('%s %s', datlocprovider, datlocale) from pg_database"
    assert answer(address, f"{locale} where datname = 'warehouse'") == "b C.UTF-8"
    letters = "select string_agg(c, '' order by c) from unnest('{b,ä,B,a}'::text[]) as c"
    assert answer(address, letters) == "Babä"


def test_wrong_password_is_refused(shared: EmbeddedServer) -> None:
    address = shared.start()
    wrong = Address(address.host, address.port, address.user, "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect_to(wrong)
    methods = "select string_agg(distinct auth_method, ',') from pg_hba_file_rules"
    assert answer(address, methods) == "scram-sha-256"


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads the kernel's socket table")
def test_only_loopback_is_listened_on(shared: EmbeddedServer) -> None:
    port = f"{shared.start().port:04X}"
    tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
    sockets = [
        line.split()
        for table in tables
        if table.exists()
        for line in table.read_text().splitlines()
    ]
    listening = [row[1] for row in sockets if row[3] == "0A" and row[1].endswith(f":{port}")]
    assert listening == [f"0100007F:{port}"]


def test_data_belong_to_the_servers_account_and_secrets_to_nobody_else(
    fresh: EmbeddedServer,
) -> None:
    before = {folder: folder.stat() for folder in fresh.home.parents}
    fresh.start()
    for folder, was in before.items():
        now = folder.stat()
        assert (now.st_mode, now.st_uid, now.st_gid) == (was.st_mode, was.st_uid, was.st_gid)
    account = account_for(fresh.home)
    assert account.name == "nobody" if is_root else account.uid == os.geteuid()
    data = fresh.status().data
    assert (data.stat().st_uid, stat.S_IMODE(data.stat().st_mode)) == (account.uid, 0o700)
    assert stat.S_IMODE(fresh.home.stat().st_mode) == (0o710 if is_root else 0o700)
    for name in ("password", "port", "log", "lock", "running"):
        found = (fresh.home / name).stat()
        assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (os.geteuid(), 0o600), name
    assert sorted(path.name for path in fresh.home.iterdir() if path.suffix == ".tmp") == []


def test_killed_server_starts_again_with_every_committed_row(shared: EmbeddedServer) -> None:
    connection = connect_to(shared.start())
    connection.execute("create table committed as select generate_series(1, 500) as id")
    connection.execute("begin; insert into committed select 0 from generate_series(1, 500)")
    kill_postmaster(shared)
    connection.close()
    began = time.monotonic()
    assert answer(shared.start(), "select count(*) from committed") == 500
    assert time.monotonic() - began < 10


def test_stale_pid_of_another_live_process_is_no_obstacle(shared: EmbeddedServer) -> None:
    shared.start()
    with process_of_the_account(shared, "sleep", "60") as stranger:
        try:
            kill_postmaster(shared)
            rewrite_pid(shared, stranger.pid)
            shared.start()
            assert shared.status().pid != stranger.pid
            shared.stop()
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_server_started_by_other_means_is_left_alone(shared: EmbeddedServer) -> None:
    shared.start()
    shared.stop()
    data = shared.status().data
    command = [str(binaries_folder() / "postgres"), "-D", str(data), "-k", "", "-p", "54999"]
    with process_of_the_account(shared, *command) as foreign:
        try:
            while not (found := embedded_process.read_postmaster(data)) or not found.is_ready:
                assert foreign.poll() is None
                time.sleep(0.02)
            with pytest.raises(DatabaseError, match=f"did not start runs here.* {foreign.pid}"):
                shared.start()
            assert foreign.poll() is None
        finally:
            foreign.send_signal(signal.SIGINT)


def test_stale_pid_of_a_zombie_is_no_obstacle(shared: EmbeddedServer) -> None:
    shared.start()
    with process_of_the_account(shared, "true") as zombie:
        kill_postmaster(shared)
        rewrite_pid(shared, zombie.pid)
        shared.start()
        assert shared.status().pid != zombie.pid


def test_taken_port_is_passed_over_and_the_new_one_remembered(shared: EmbeddedServer) -> None:
    first = shared.start().port
    shared.stop()
    with socket.create_server(("127.0.0.1", first)):
        second = shared.start().port
        assert second != first
    shared.stop()
    assert shared.start().port == second


def test_port_taken_while_the_server_starts_is_passed_over(
    shared: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared.stop()
    with socket.create_server(("127.0.0.1", 0)) as thief:
        taken = thief.getsockname()[1]
        probe = embedded_process._free_port  # noqa: SLF001 - the race has no other entrance
        monkeypatch.setattr(
            embedded_process,
            "_free_port",
            lambda home, tried: probe(home, tried) if tried else taken,
        )
        assert shared.start().port != taken


def test_parallel_starts_make_one_server(fresh: EmbeddedServer) -> None:
    starters = [start_elsewhere(fresh) for _ in range(3)]
    printed = {starter.communicate(timeout=120)[0].strip() for starter in starters}
    assert printed == {str(fresh.status().address)}
    assert (fresh.home / "log").read_text().count("starting PostgreSQL") == 1


def test_half_made_data_folder_is_made_anew(fresh: EmbeddedServer) -> None:
    leftover = fresh.home / "data.tmp" / "base"
    leftover.mkdir(parents=True)
    (fresh.home / "data.tmp" / "PG_VERSION").write_text("18\n")
    (fresh.home / "initdb.tmp").touch(mode=0o400)
    assert answer(fresh.start(), "select 1") == 1
    assert not leftover.exists()


@pytest.mark.parametrize("name", ["Käse & Brot", """it's "$(touch planted)" %41"""])
def test_any_folder_name_will_do(temporary_project: ProjectMaker, name: str) -> None:
    with temporary_project() as project:
        home = project.root / name / ".postgres"
        home.parent.mkdir()
        server = EmbeddedServer(home)
        try:
            assert answer(server.start(), "select current_database()") == "warehouse"
        finally:
            server.stop()
        assert not Path("planted").exists()


def test_nonsense_in_the_environment_changes_nothing(
    fresh: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    nonsense = {
        "LC_ALL": "xx_YY.UTF-8",
        "LANG": "tlh",
        "TZ": "Mars/Olympus_Mons",
        "PGTZ": "Mars/Olympus_Mons",
        "PGDATA": "/nowhere",
        "PGOPTIONS": "-c no.such=1 --nonsense",
        "PGSSLMODE": "require",
        "PGSSLNEGOTIATION": "direct",
        "PGCLIENTENCODING": "LATIN1",
        "PGDATESTYLE": "nonsense",
        "PGREQUIREAUTH": "none",
        "PGCONNECT_TIMEOUT": "soon",
    }
    for variable, value in nonsense.items():
        monkeypatch.setenv(variable, value)
    address = fresh.start()
    assert answer(address, "show timezone") == "UTC"
    assert answer(address, "show client_encoding") == "UTF8"
    assert {name: os.environ[name] for name in nonsense} == nonsense


def test_data_of_another_major_version_are_refused_and_left_alone(shared: EmbeddedServer) -> None:
    shared.start()
    shared.stop()
    version = shared.status().data / "PG_VERSION"
    version.write_text("16\n")
    try:
        with pytest.raises(DatabaseError) as refusal:
            shared.start()
        assert version.read_text() == "16\n"
    finally:
        version.write_text("18\n")
    assert "holds data of PostgreSQL 16, and the binaries here are PostgreSQL 18" in str(
        refusal.value
    )
    assert "LOCALPG_BIN to the bin folder of a PostgreSQL 16" in str(refusal.value)
    assert answer(shared.start(), "select 1") == 1


def test_failed_start_shows_the_log_and_no_password(shared: EmbeddedServer) -> None:
    shared.start()
    shared.stop()
    settings = shared.status().data / "postgresql.auto.conf"
    kept = settings.read_text()
    settings.write_text("shared_buffers = 'a lot'\n")
    try:
        with pytest.raises(DatabaseError) as failure:
            shared.start()
    finally:
        settings.write_text(kept)
    assert str(shared.home / "log") in str(failure.value)
    assert 'invalid value for parameter "shared_buffers": "a lot"' in str(failure.value)
    assert shared.password() not in str(failure.value)


def test_lost_password_is_replaced_at_the_next_start(shared: EmbeddedServer) -> None:
    lost = shared.start().password
    (shared.home / "password").unlink()
    with pytest.raises(DatabaseError, match="does not accept the password"):
        shared.start()
    shared.stop()
    address = shared.start()
    assert address.password not in {"", lost}
    assert answer(address, "select 1") == 1


def test_dropped_database_is_made_again(shared: EmbeddedServer) -> None:
    with connect_to(shared.start(), dbname="postgres") as connection:
        connection.execute("drop database warehouse with (force)")
    assert answer(shared.start(), "select current_database()") == "warehouse"


def test_long_log_is_cut_to_its_last_lines(shared: EmbeddedServer) -> None:
    shared.start()
    log = shared.home / "log"
    with log.open("a") as file:
        file.write(f"{'x' * 99}\n" * (LOG_LIMIT_BYTES // 100 + 1) + "last line\n")
    address = shared.start()
    assert log.stat().st_size < LOG_LIMIT_BYTES // 8
    with connect_to(address) as connection, pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("select * from no_such_table")
    assert log.read_text().splitlines()[-2:][0] == "last line"
    assert "\0" not in log.read_text()


def test_statement_of_a_killed_client_ends(shared: EmbeddedServer) -> None:
    address = shared.start()
    script = (
        "import sys; from pathlib import Path; from loader.embedded import EmbeddedServer;"
        "from loader.embedded.address import connect_to;"
        "connect_to(EmbeddedServer(Path(sys.argv[1])).start()).execute('select pg_sleep(600)')"
    )
    sleeping = "select count(*) from pg_stat_activity where query = 'select pg_sleep(600)'"
    with subprocess.Popen([sys.executable, "-c", script, shared.home]) as client:
        wait_until(address, sleeping, 1)
        client.kill()
    wait_until(address, sleeping, 0)


def wait_until(address: Address, query: str, expected: int) -> None:
    deadline = time.monotonic() + 15
    while answer(address, query) != expected:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_missing_binaries_say_what_to_set_instead(
    fresh: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALPG_BIN", "/nowhere/bin")
    with pytest.raises(DatabaseError) as refusal:
        fresh.start()
    assert refusal.value.exit_code == 3
    assert "/nowhere/bin: no initdb and no postgres" in refusal.value.message
    assert "set PGHOST" in "\n".join(refusal.value.hints)


def test_programs_of_another_platform_say_so(
    fresh: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for tool in ("initdb", "postgres"):
        (tmp_path / tool).write_bytes(b"\x7fELF nonsense")
        (tmp_path / tool).chmod(0o755)
    monkeypatch.setenv("LOCALPG_BIN", str(tmp_path))
    with pytest.raises(DatabaseError, match=r"cannot be run as .*: Exec format error"):
        fresh.start()


@pytest.mark.skipif(is_root, reason="root may write everywhere")
def test_unwritable_project_says_what_to_do(fresh: EmbeddedServer) -> None:
    fresh.home.parent.chmod(0o555)
    try:
        with pytest.raises(DatabaseError, match="Permission denied"):
            fresh.start()
    finally:
        fresh.home.parent.chmod(0o755)


@pytest.mark.skipif(not is_root, reason="only root's server runs as somebody else")
def test_closed_folders_stay_closed_and_the_server_runs_elsewhere(
    fresh: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = binaries_folder().parent.parent
    closed = tmp_path / "closed" / package.name
    shutil.copytree(package, closed, ignore=shutil.ignore_patterns("include"))
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, closed.with_name(libraries.name))
    monkeypatch.setenv("LOCALPG_BIN", str(closed / "pginstall" / "bin"))
    for folder in (fresh.home.parent, closed.parent):
        folder.chmod(0o700)
    fresh.start()
    place = fresh.status().data.parent
    assert not place.is_relative_to(fresh.home.parent)
    assert (place.stat().st_uid, stat.S_IMODE(place.stat().st_mode)) == (0, 0o710)
    for folder in (fresh.home.parent, closed.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    fresh.stop()
    place.chmod(0o777)
    with pytest.raises(DatabaseError, match="not a folder that root alone can write to"):
        fresh.start()
    place.chmod(0o710)


@pytest.mark.skipif(not is_root, reason="only root can act for another owner")
def test_root_serves_a_users_project_as_that_user(fresh: EmbeddedServer) -> None:
    owner = 1  # `daemon` on every system that has users at all
    os.chown(fresh.home.parent, owner, owner)
    fresh.start()
    made = {path.stat().st_uid for path in (fresh.home, *fresh.home.iterdir())}
    assert made == {owner}
