"""Files over 4 MiB, which are copied over several connections."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from loads import QUARANTINE, load_file, rows_of

from loader import interruptions, loading
from loader.errors import DatabaseError, DataRefusedError
from loader.exports import Export
from loader.inputs import Input
from loader.ledger import Counts

Connect = Callable[[], psycopg.Connection]
Write = Callable[..., Input]

ROWS = 150_000
TABLE = "raw_spacelift.worker_count"


def workers(rows: int = ROWS, *, broken: frozenset[int] = frozenset()) -> str:
    lines = (
        f'{row},{"x" if row in broken else 7},1714330800,"pool, of ""{row % 97}"""'
        for row in range(rows)
    )
    return "\n".join(["ID,Count,TimestampUnix,WorkerPoolName", *lines, ""])


def statuses(connection: psycopg.Connection) -> list[str]:
    query = "select status from loader.loads order by load_id"
    return [status for (status,) in connection.execute(query)]


def wait_for_the_end_of(connection: psycopg.Connection, sessions: str) -> None:
    """Wait until the server has noticed that these sessions were closed."""
    query = (
        "select 1 from pg_catalog.pg_stat_activity"
        " where datname = current_database() and application_name like %s"
    )
    deadline = time.monotonic() + 10
    while connection.execute(query, [sessions]).fetchone() is not None:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_every_row_arrives_once_with_its_line(
    connection: psycopg.Connection, exports: tuple[Export, ...], file: Write, jobs: int
) -> None:
    outcome = load_file(connection, file(workers()), exports, jobs=jobs)
    assert (outcome.status, outcome.counts) == ("loaded", Counts(ROWS, ROWS, 0, 0))
    assert rows_of(connection, TABLE) == [
        (str(row), "7", "1714330800", f'pool, of "{row % 97}"', 1, row + 2) for row in range(ROWS)
    ]
    again = load_file(connection, file(workers(), "renamed.csv"), exports, jobs=jobs)
    assert (again.status, again.load_id) == ("already_loaded", 1)
    assert statuses(connection) == ["loaded"]


def test_a_bad_row_anywhere_leaves_no_row(
    connection: psycopg.Connection, exports: tuple[Export, ...], file: Write
) -> None:
    last = ROWS - 1
    with pytest.raises(DataRefusedError) as refusal:
        load_file(connection, file(workers(broken=frozenset({last, 5}))), exports)
    assert f":{last + 2}: count is not a whole number: 'x'" in str(refusal.value)
    assert refusal.value.message.startswith(f"{file(workers()).place}:7: count")
    assert rows_of(connection, TABLE) == []
    assert statuses(connection) == ["failed"]


def test_a_bad_row_anywhere_is_put_in_quarantine(
    connection: psycopg.Connection, exports: tuple[Export, ...], file: Write
) -> None:
    broken = frozenset({3, 70_000, ROWS - 1})
    loaded = file(workers(broken=broken))
    outcome = load_file(connection, loaded, exports, tolerance=QUARANTINE)
    assert outcome.counts == Counts(ROWS, ROWS - 3, 3, 0)
    rejects = connection.execute(
        "select line_number, byte_offset, record from loader.rejects order by line_number"
    ).fetchall()
    lines = workers(broken=broken).encode().splitlines(keepends=True)
    assert rejects == [
        (row + 2, sum(map(len, lines[: row + 1])), lines[row + 1]) for row in sorted(broken)
    ]
    kept = connection.execute(f"select id::int from {TABLE} order by 1").fetchall()
    assert kept == [(row,) for row in range(ROWS) if row not in broken]


def test_loaders_of_one_large_file_load_it_once(
    connection: psycopg.Connection, connect: Connect, exports: tuple[Export, ...], file: Write
) -> None:
    loaded = file(workers())
    connections = [connect() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda opened: load_file(opened, loaded, exports), connections))
    assert sorted(outcome.status for outcome in outcomes) == [*["already_loaded"] * 3, "loaded"]
    assert len(rows_of(connection, TABLE)) == ROWS
    assert statuses(connection) == ["loaded"]


def test_an_error_while_the_copies_are_committed_leaves_no_row(
    connection: psycopg.Connection,
    exports: tuple[Export, ...],
    file: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commit, committed = loading.commit, []

    def fail_second(opened: psycopg.Connection, connect: Connect) -> None:
        committed.append(opened)
        if len(committed) == 2:
            message = "the second copy is lost"
            raise DatabaseError(message)
        commit(opened, connect)

    monkeypatch.setattr(loading, "commit", fail_second)
    with pytest.raises(DatabaseError, match="second copy"):
        load_file(connection, file(workers()), exports)
    assert rows_of(connection, TABLE) == []
    assert statuses(connection) == ["failed"]


def test_the_last_commit_alone_waits_for_the_disk(
    connection: psycopg.Connection,
    exports: tuple[Export, ...],
    file: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commit, waits = loading.commit, []

    def watched(opened: psycopg.Connection, connect: Connect, *, number: str | None = None) -> None:
        waits.extend(opened.execute("show synchronous_commit").fetchone() or ())
        commit(opened, connect, number=number)

    monkeypatch.setattr(loading, "commit", watched)
    load_file(connection, file(workers()), exports, jobs=2)
    assert waits == ["off", "off", "on"]


def test_what_a_dead_loader_left_is_removed_by_the_next(
    connection: psycopg.Connection,
    connect: Connect,
    exports: tuple[Export, ...],
    file: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dying = connect()

    def die(_opened: psycopg.Connection, _connect: Connect) -> None:
        loading_commit(_opened, _connect)
        dying.close()

    loading_commit = loading.commit
    monkeypatch.setattr(loading, "commit", die)
    with pytest.raises((DatabaseError, psycopg.Error)):
        load_file(dying, file(workers()), exports)
    monkeypatch.setattr(loading, "commit", loading_commit)
    assert statuses(connection) == ["loading"]
    wait_for_the_end_of(connection, "loader load 1%")
    assert interruptions.sweep(connection, exports) == (1,)
    assert rows_of(connection, TABLE) == []
    assert load_file(connection, file(workers()), exports).load_id == 2
    assert statuses(connection) == ["failed", "loaded"]
