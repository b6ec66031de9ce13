import hashlib
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest
from loads import (
    DATABRICKS,
    INFRASAGE,
    WORKERS,
    WORKERS_SOUND,
    check_file,
    ledger_of,
    load_file,
    rows_of,
)

from loader import __version__, ledger
from loader.copying import CopyWriter
from loader.errors import DatabaseError, DataRefusedError
from loader.exports import Export
from loader.inputs import Input
from loader.ledger import Content, Counts
from loader.loading import Outcome

Connect = Callable[[], psycopg.Connection]
Write = Callable[..., Input]

EVENT = (
    '{{"transaction_id":"{}","customer_id":"ü","event_type":"e",'
    '"timestamp":"2024-01-01T00:00:00Z"}}\n'
)


def test_a_file_is_loaded_with_where_each_row_came_from(
    connection: psycopg.Connection, exports: tuple[Export, ...], file: Write
) -> None:
    loaded = file(WORKERS_SOUND)
    outcome = load_file(connection, loaded, exports, account="acme")
    assert outcome == Outcome(
        loaded.place, "loaded", "spacelift.worker_count", "acme", 1, Counts(3, 2, 0, 1)
    )
    assert rows_of(connection, "raw_spacelift.worker_count") == [
        ("1", "3", "1714330800", "linux", 1, 2),
        ("2", "4", "1714334400", None, 1, 4),
    ]
    (load,) = ledger.read_loads(connection)
    assert load.finished_at is not None
    assert load.started_at < load.finished_at
    assert load.xid is not None
    assert replace(load, started_at=load.finished_at, xid=None) == ledger.Load(
        load_id=1,
        export="spacelift.worker_count",
        account_key="acme",
        uri=loaded.uri,
        file_name="x.csv",
        sha256=hashlib.sha256(WORKERS_SOUND).hexdigest(),
        bytes=len(WORKERS_SOUND),
        rows_read=3,
        rows_loaded=2,
        rows_rejected=0,
        rows_blank=1,
        status="loaded",
        replaced_by=None,
        failure=None,
        loader_version=__version__,
        started_at=load.finished_at,
        finished_at=load.finished_at,
        header=b"ID,Count,TimestampUnix,WorkerPoolName\n",
        covers=None,
        etag=None,
        stored_bytes=len(WORKERS_SOUND),
        xid=None,
        added_columns=None,
    )


def test_reloading_the_same_bytes_changes_nothing(
    connection: psycopg.Connection, exports: tuple[Export, ...], file: Write
) -> None:
    load_file(connection, file(WORKERS_SOUND), exports)
    again = load_file(connection, file(WORKERS_SOUND, "renamed.csv"), exports)
    assert (again.status, again.load_id, again.counts) == ("already_loaded", 1, Counts(3, 2, 0, 1))
    assert len(rows_of(connection, "raw_spacelift.worker_count")) == 2
    assert len(ledger_of(connection)) == 1


def test_the_same_bytes_of_another_account_are_another_load(
    connection: psycopg.Connection, exports: tuple[Export, ...], file: Write
) -> None:
    outcomes = [
        load_file(connection, file(WORKERS_SOUND), exports, account=account)
        for account in ("acme", "other", "acme")
    ]
    assert [(outcome.status, outcome.account_key, outcome.load_id) for outcome in outcomes] == [
        ("loaded", "acme", 1),
        ("loaded", "other", 2),
        ("already_loaded", "acme", 1),
    ]


@pytest.mark.parametrize(
    ("tenants", "account_key"),
    [(["a", "a"], "a"), (["a", "b"], ""), ([], "")],
)
def test_the_account_comes_from_the_rows_where_they_name_it(
    connection: psycopg.Connection,
    exports: tuple[Export, ...],
    file: Write,
    tenants: list[str],
    account_key: str,
) -> None:
    rows = "".join(f"{tenant},2024-01-01 00:00:00,log,1,\n" for tenant in tenants)
    loaded = file(INFRASAGE + rows)
    for status in ("loaded", "already_loaded"):
        outcome = load_file(connection, loaded, exports, account="ignored")
        assert (outcome.status, outcome.account_key) == (status, account_key)
    assert ledger_of(connection)[0][2] == account_key


def test_a_withdrawn_file_can_be_loaded_again(
    connection: psycopg.Connection, exports: tuple[Export, ...], file: Write
) -> None:
    load_file(connection, file(WORKERS_SOUND), exports)
    assert ledger.withdraw(connection, [1, 7]) == (1,)
    assert ledger.withdraw(connection, [1]) == ()
    assert load_file(connection, file(WORKERS_SOUND), exports).load_id == 2
    assert [row[8] for row in ledger_of(connection)] == ["withdrawn", "loaded"]


def test_values_arrive_exactly_as_exported(
    connection: psycopg.Connection,
    exports: tuple[Export, ...],
    file: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    name = '\\N\t"quoted"\r\n\\. é😀\u2028'
    tags = '{""a"": ""\\u00e9,\\n""}'
    quoted = name.replace('"', '""')
    row = f'1,2024-01-01T00:59:59Z,,"{quoted}",\\N,"",{{}},S,1.0E-4,,,"{tags}"\n'
    with psycopg.connect("", autocommit=True) as latin:
        load_file(latin, file(DATABRICKS + row), exports)
    assert rows_of(connection, "raw_databricks.billable_usage") == [
        (
            *("1", "2024-01-01T00:59:59Z", None, name, "\\N", "", "{}", "S", "1.0E-4", None, None),
            *('{"a": "\\u00e9,\\n"}', 1, 2),
        )
    ]


def test_json_lines_are_loaded(
    connection: psycopg.Connection, exports: tuple[Export, ...], file: Write
) -> None:
    content = (
        EVENT.format("1") + "\n" + EVENT.format("2").replace("}\n", ',"properties":{"n":1.0}}')
    )
    outcome = load_file(connection, file(content, "x.jsonl"), exports)
    assert outcome.counts == Counts(3, 2, 0, 1)
    assert rows_of(connection, "raw_metronome.usage_events") == [
        ("1", "ü", "2024-01-01T00:00:00Z", "e", None, 1, 1),
        ("2", "ü", "2024-01-01T00:00:00Z", "e", '{"n":1.0}', 1, 3),
    ]


def test_a_header_alone_loads_no_rows(
    connection: psycopg.Connection, exports: tuple[Export, ...], file: Write
) -> None:
    outcome = load_file(connection, file(INFRASAGE), exports)
    assert (outcome.status, outcome.counts) == ("loaded", Counts(0, 0, 0, 0))


def test_a_check_finds_what_a_load_would_without_a_database(
    exports: tuple[Export, ...], file: Write
) -> None:
    sound = file(WORKERS_SOUND)
    assert check_file(sound, exports, account="acme") == Outcome(
        sound.place, "loadable", "spacelift.worker_count", "acme", None, Counts(3, 2, 0, 1)
    )
    with pytest.raises(DataRefusedError, match="count is empty"):
        check_file(file(WORKERS), exports)


def test_an_interrupted_load_leaves_nothing(
    connection: psycopg.Connection, exports: tuple[Export, ...], file: Write
) -> None:
    def interrupt(_bytes: int, _rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_file(connection, file(WORKERS_SOUND), exports, progress=interrupt)
    assert rows_of(connection, "raw_spacelift.worker_count") == []
    assert ledger_of(connection) == []


def test_loaders_of_the_same_bytes_wait_for_each_other(
    connection: psycopg.Connection, connect: Connect, exports: tuple[Export, ...], file: Write
) -> None:
    rows = "".join(f"{number},1,1714330800,linux\n" for number in range(20_000))
    loaded = file("ID,Count,TimestampUnix,WorkerPoolName\n" + rows)
    connections = [connect() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda opened: load_file(opened, loaded, exports), connections))
    assert sorted(outcome.status for outcome in outcomes) == [*["already_loaded"] * 3, "loaded"]
    assert len({outcome.load_id for outcome in outcomes}) == 1
    assert len(rows_of(connection, "raw_spacelift.worker_count")) == 20_000


def test_waiting_for_another_loader_has_an_end(
    connection: psycopg.Connection, connect: Connect
) -> None:
    content = Content("spacelift.worker_count", "acme", "file:///x.csv", "x.csv", "0" * 64, 1)
    other = connect()
    with connection.transaction():
        ledger.lock_content(connection, content)
        with pytest.raises(DatabaseError) as failure, other.transaction():
            ledger.lock_content(other, content, patience=0.1)
    assert str(failure.value) == (
        "x.csv: the same bytes are still being loaded elsewhere\n"
        "  wait for that load, or end it, and try again"
    )
    with other.transaction():
        ledger.lock_content(other, content, patience=0.1)
        assert other.execute("show lock_timeout").fetchone() == ("0",)


def test_the_ledger_takes_no_loaded_file_that_does_not_balance(
    connection: psycopg.Connection, exports: tuple[Export, ...], file: Write
) -> None:
    load_file(connection, file(WORKERS_SOUND), exports)
    with pytest.raises(psycopg.errors.CheckViolation, match="loads_balance"):
        connection.execute("update loader.loads set rows_loaded = 1")


def test_an_interrupt_as_a_copy_begins_ends_the_load(
    connection: psycopg.Connection,
    connect: Connect,
    exports: tuple[Export, ...],
    file: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def begin(_writer: CopyWriter, _batch: object) -> None:
        # psycopg holds it from the start of a COPY until its end, which nobody knows of yet.
        connection.lock.acquire()
        raise KeyboardInterrupt

    def hang(_signal: int, _frame: object) -> None:
        message = "the load waits for itself"
        raise AssertionError(message)

    before = signal.signal(signal.SIGALRM, hang)
    signal.alarm(20)
    with monkeypatch.context() as patched:
        patched.setattr(CopyWriter, "write", begin)
        try:
            with pytest.raises(KeyboardInterrupt):
                load_file(connection, file(WORKERS_SOUND), exports, account="acme")
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)
    assert connection.closed
    assert load_file(connect(), file(WORKERS_SOUND), exports, account="acme").status == "loaded"
