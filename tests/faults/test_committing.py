"""A COMMIT whose answer never comes: what `commit` says of it is what the server did."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress

import psycopg
import pytest
from databases import connect_to
from proxy import Action, Link, Point, Proxy, cut, swallow

from loader import committing
from loader.committing import commit
from loader.errors import DatabaseError

BEFORE = Point("commit", 1, "before")
AFTER = Point("commit", 1, "after")
NOT_COMMITTED = "the connection was lost before the load was committed"
UNKNOWN = "the connection was lost at the commit, and whether the file was loaded is unknown"


@pytest.fixture
def witness(database: dict[str, str]) -> Iterator[psycopg.Connection]:
    with connect_to(database) as connection:
        connection.execute("create table held (n int)")
        yield connection


def insert(proxy: Proxy, *, autocommit: bool = False) -> psycopg.Connection:
    """Return a connection through `proxy` in a transaction that has written a row."""
    connection = connect_to(proxy.environment)
    connection.autocommit = autocommit
    if autocommit:
        connection.execute("begin")
    connection.execute("insert into held values (1)")
    return connection


def count(witness: psycopg.Connection) -> int:
    row = witness.execute("select count(*) from held").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("autocommit", [False, True])
def test_a_commit_that_is_answered(
    database: dict[str, str], witness: psycopg.Connection, *, autocommit: bool
) -> None:
    with (
        Proxy(database, delay=0.2) as proxy,
        closing(insert(proxy, autocommit=autocommit)) as connection,
    ):
        commit(connection, lambda: pytest.fail("nothing was lost"))
        assert not connection.closed
        assert count(witness) == 1


@pytest.mark.parametrize("point", [BEFORE, AFTER], ids=str)
@pytest.mark.parametrize("autocommit", [False, True])
def test_a_connection_cut_at_the_commit(
    database: dict[str, str], witness: psycopg.Connection, point: Point, *, autocommit: bool
) -> None:
    with (
        Proxy(database, point, cut) as proxy,
        closing(insert(proxy, autocommit=autocommit)) as connection,
    ):
        if point == AFTER:
            commit(connection, lambda: connect_to(proxy.environment))
        else:
            with pytest.raises(DatabaseError, match=NOT_COMMITTED) as caught:
                commit(connection, lambda: connect_to(proxy.environment))
            assert caught.value.hints == ("nothing was loaded; load the file again",)
        assert proxy.acted.is_set()
        assert connection.closed
        assert count(witness) == (1 if point == AFTER else 0)


def test_a_connection_lost_before_the_number_is_known(
    database: dict[str, str], witness: psycopg.Connection
) -> None:
    with Proxy(database) as proxy, closing(insert(proxy)) as connection:
        proxy.cut_all()
        with pytest.raises(DatabaseError, match=NOT_COMMITTED):
            commit(connection, lambda: pytest.fail("there is nothing to ask"))
    assert count(witness) == 0


def test_a_session_that_waits_for_a_commit_is_ended(
    database: dict[str, str], witness: psycopg.Connection
) -> None:
    with Proxy(database, BEFORE, swallow) as proxy, closing(insert(proxy)) as connection:
        begun = time.monotonic()
        with pytest.raises(DatabaseError, match=NOT_COMMITTED):
            commit(connection, lambda: connect_to(database), patience=4)
        assert 2 <= time.monotonic() - begun < 4
    assert count(witness) == 0


def test_a_commit_that_goes_on_without_its_client_is_waited_for(
    database: dict[str, str], witness: psycopg.Connection
) -> None:
    witness.execute(
        "create function wait() returns trigger language plpgsql as"
        " 'begin perform pg_sleep(1); return null; end'"
    )
    witness.execute(
        "create constraint trigger wait after insert on held initially deferred"
        " for each row execute function wait()"
    )

    def cut_client(proxy: Proxy, link: Link) -> None:
        link.server.sendall(b"Q" + (11).to_bytes(4) + b"COMMIT\0")
        swallow(proxy, link)

    with Proxy(database, BEFORE, cut_client) as proxy, closing(insert(proxy)) as connection:
        begun = time.monotonic()
        commit(connection, lambda: connect_to(database))
        assert 0.5 < time.monotonic() - begun < 4
    assert count(witness) == 1


def test_a_server_that_is_back_after_a_while(
    database: dict[str, str], witness: psycopg.Connection
) -> None:
    refusals = iter(
        [psycopg.OperationalError("refused"), DatabaseError("starting up"), ConnectionError()]
    )

    def reconnect() -> psycopg.Connection:
        with suppress(StopIteration):
            raise next(refusals)
        return connect_to(database)

    with Proxy(database, AFTER, cut) as proxy, closing(insert(proxy)) as connection:
        commit(connection, reconnect)
    assert next(refusals, None) is None
    assert count(witness) == 1


def test_an_outcome_nobody_can_be_asked_about(
    database: dict[str, str], witness: psycopg.Connection
) -> None:
    def break_off(proxy: Proxy, link: Link) -> None:
        proxy.refuse()
        link.cut()

    with Proxy(database, AFTER, break_off) as proxy, closing(insert(proxy)) as connection:
        begun = time.monotonic()
        with pytest.raises(DatabaseError, match=UNKNOWN) as caught:
            commit(connection, lambda: connect_to(proxy.environment), patience=1)
        assert time.monotonic() - begun < 2
        assert "known by its content" in caught.value.hints[0]
    assert count(witness) == 1


def test_a_server_that_never_had_the_transaction_is_not_believed(
    database: dict[str, str], witness: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "loader.committing._identify", altered("loader.committing._identify", number="9" * 15)
    )
    with (
        Proxy(database, BEFORE, cut) as proxy,
        closing(insert(proxy)) as connection,
        pytest.raises(DatabaseError, match=UNKNOWN),
    ):
        commit(connection, lambda: connect_to(database), patience=5)
    assert count(witness) == 0


def altered(name: str, *, number: str) -> Callable[[psycopg.Connection, str | None], object]:
    module, _, function = name.rpartition(".")
    real = getattr(__import__(module, fromlist=[function]), function)

    def replaced(connection: psycopg.Connection, own: str | None) -> object:
        known = real(connection, own)
        return type(known)(number, known.pid)

    return replaced


def ended_by(statement: str, database: dict[str, str]) -> Action:
    def act(_proxy: Proxy, _link: Link) -> None:
        with connect_to(database) as admin:
            admin.execute(statement)

    return act


def test_a_session_ended_by_an_administrator_at_the_commit(
    database: dict[str, str], witness: psycopg.Connection
) -> None:
    statement = (
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        " where datname = current_database() and backend_xid is not null"
    )
    with (
        Proxy(database, BEFORE, ended_by(statement, database)) as proxy,
        closing(insert(proxy)) as connection,
        pytest.raises(DatabaseError, match=NOT_COMMITTED),
    ):
        commit(connection, lambda: connect_to(database))
    assert count(witness) == 0


def test_what_the_server_refuses_is_passed_on(
    database: dict[str, str], witness: psycopg.Connection
) -> None:
    witness.execute("alter table held add unique (n) deferrable initially deferred")
    witness.execute("insert into held values (1)")
    with Proxy(database) as proxy, closing(insert(proxy)) as connection:
        with pytest.raises(psycopg.errors.UniqueViolation):
            commit(connection, lambda: pytest.fail("nothing was lost"))
        assert not connection.closed


@pytest.mark.parametrize("is_known", [False, True])
def test_a_failed_transaction_is_not_taken_for_committed(
    database: dict[str, str], witness: psycopg.Connection, *, is_known: bool
) -> None:
    with Proxy(database) as proxy, closing(insert(proxy)) as connection:
        number = number_of(connection) if is_known else None
        with suppress(psycopg.errors.DivisionByZero):
            connection.execute("select 1 / 0")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            commit(connection, lambda: pytest.fail("nothing was lost"), number=number)
    assert count(witness) == 0


@pytest.mark.parametrize("point", [BEFORE, AFTER], ids=str)
def test_a_number_that_is_known_tells_what_became_of_a_commit(
    database: dict[str, str], witness: psycopg.Connection, point: Point
) -> None:
    with Proxy(database, point, cut) as proxy, closing(insert(proxy)) as connection:
        number = number_of(connection)
        if point == AFTER:
            commit(connection, lambda: connect_to(database), number=number)
        else:
            with pytest.raises(DatabaseError, match=NOT_COMMITTED):
                commit(connection, lambda: connect_to(database), number=number)
    assert count(witness) == (1 if point == AFTER else 0)


def number_of(connection: psycopg.Connection) -> str:
    row = connection.execute("select pg_current_xact_id()::text").fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.parametrize(
    ("error", "is_loss"),
    [
        (psycopg.OperationalError(), True),
        (psycopg.InterfaceError(), True),
        (psycopg.errors.ConnectionFailure(), True),
        (psycopg.errors.TransactionResolutionUnknown(), True),
        (psycopg.errors.AdminShutdown(), True),
        (psycopg.errors.CrashShutdown(), True),
        (psycopg.errors.QueryCanceled(), False),
        (psycopg.errors.DiskFull(), False),
        (psycopg.errors.SerializationFailure(), False),
        (psycopg.ProgrammingError(), False),
    ],
    ids=lambda value: f"{type(value).__name__}",
)
def test_what_counts_as_a_lost_connection(
    database: dict[str, str], error: psycopg.Error, *, is_loss: bool
) -> None:
    with connect_to(database) as connection:
        assert committing._is_loss(error, connection) == is_loss  # noqa: SLF001


def test_without_a_transaction_there_is_nothing_to_commit(database: dict[str, str]) -> None:
    with connect_to(database) as connection, pytest.raises(psycopg.ProgrammingError):
        commit(connection, lambda: pytest.fail("nothing was lost"))


def test_the_proxy_refuses_once_it_is_closed(database: dict[str, str]) -> None:
    with Proxy(database) as proxy:
        address = ("127.0.0.1", int(proxy.environment["PGPORT"]))
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(address, 1)
