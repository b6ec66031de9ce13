import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest

from loader import ledger, ledger_table, locks
from loader.errors import DatabaseError, UsageError
from loader.exports import Export
from loader.interruptions import FAILURE, sweep
from loader.ledger import Begun, Content, Counts, Load
from loader.raw_tables import prepare

Connect = Callable[[], psycopg.Connection]

CONTENT = Content(
    export="spacelift.worker_count",
    account_key="acme",
    uri="file:///x.csv",
    file_name="x.csv",
    sha256="1" * 64,
    bytes=10,
    header=b"\xc3\xa9,b\r\n",
    etag="e-1",
    stored_bytes=4,
)
MONTH = "workspaceId=1-usageMonth=2026-10.csv"
NONE = Counts(0, 0, 0, 0)


def loaded(connection: psycopg.Connection, content: Content = CONTENT) -> int:
    begun = ledger.begin(connection, content)
    ledger.finish(connection, begun, content, NONE)
    return begun.load_id


def found(connection: psycopg.Connection, load_id: int) -> Load:
    load = ledger.find(connection, load_id)
    assert load is not None
    return load


def test_a_finished_load_holds_what_is_known_at_its_end(connection: psycopg.Connection) -> None:
    early = replace(CONTENT, sha256="0" * 64, bytes=0, account_key="", added_columns=())
    with connection.transaction():
        begun = ledger.begin(connection, early)
        row = connection.execute("select pg_current_xact_id()::text").fetchone()
        assert row is not None
        known = replace(CONTENT, added_columns=("region",))
        finished = ledger.finish(connection, begun, known, Counts(4, 2, 1, 1))
        assert finished == ((), row[0])
    load = found(connection, begun.load_id)
    assert load == Load(
        load_id=1,
        export="spacelift.worker_count",
        account_key="acme",
        uri="file:///x.csv",
        file_name="x.csv",
        sha256="1" * 64,
        bytes=10,
        rows_read=4,
        rows_loaded=2,
        rows_rejected=1,
        rows_blank=1,
        status="loaded",
        replaced_by=None,
        failure=None,
        loader_version=load.loader_version,
        started_at=begun.started_at,
        finished_at=load.finished_at,
        header=b"\xc3\xa9,b\r\n",
        covers=None,
        etag="e-1",
        stored_bytes=4,
        xid=row[0],
        added_columns=["region"],
    )
    status = connection.execute("select pg_xact_status(%s::xid8)", [load.xid]).fetchone()
    assert status == ("committed",)


def test_a_ledger_of_the_first_version_is_extended_once(
    connect: Connect, exports: tuple[Export, ...]
) -> None:
    connection, reader = connect(), connect()
    connection.execute("create schema loader")
    connection.execute(ledger_table.FIRST_TABLE)
    connection.execute(
        "insert into loader.loads (export, account_key, uri, file_name, sha256, bytes, status,"
        " loader_version) values ('e', '', 'u', 'f', repeat('a', 64), 1, 'loaded', '0')"
    )
    assert [load.header for load in ledger.read_loads(connection)] == [None]
    prepare(connection, exports)
    assert [load.stored_bytes for load in ledger.read_loads(connection)] == [None]
    unexplained = connection.execute(
        "select attname from pg_attribute where attrelid = 'loader.loads'::regclass"
        " and attname = any(%s) and col_description(attrelid, attnum) is null",
        [list(ledger_table.LATER)],
    ).fetchall()
    assert unexplained == []
    with reader.transaction():
        reader.execute("select * from loader.loads")
        connection.execute("set lock_timeout = '1s'")
        prepare(connection, exports)


def test_bytes_of_a_replaced_load_are_known_and_of_a_withdrawn_one_are_not(
    connection: psycopg.Connection,
) -> None:
    def find(content: Content) -> int | None:
        load = ledger.find_loaded(connection, content, any_account=False)
        return None if load is None else load.load_id

    first = replace(CONTENT, covers=MONTH)
    second = replace(first, sha256="2" * 64)
    assert [loaded(connection, first), loaded(connection, second)] == [1, 2]
    assert [find(first), find(second), find(replace(first, account_key="b"))] == [1, 2, None]
    ledger.withdraw(connection, [2])
    assert [find(first), find(second)] == [1, None]


def test_a_newer_load_of_the_same_cover_replaces_the_earlier(
    connection: psycopg.Connection,
) -> None:
    month = replace(CONTENT, covers=MONTH)
    others = [
        replace(month, covers=None),
        replace(month, covers="workspaceId=2-usageMonth=2026-10.csv", sha256="3" * 64),
        replace(month, account_key="b"),
        replace(month, export="spacelift.run_minutes"),
    ]
    for other in others:
        loaded(connection, other)
    failed = ledger.begin(connection, month)
    ledger.record_failure(connection, failed, month, NONE, "broken")
    old = loaded(connection, replace(month, sha256="2" * 64))
    new = ledger.begin(connection, replace(month, sha256="4" * 64))
    finished = ledger.finish(connection, new, replace(month, sha256="4" * 64), NONE)
    assert finished.replaced == (old,)
    assert [(load.status, load.replaced_by) for load in ledger.read_loads(connection)] == [
        *[("loaded", None)] * 4,
        ("failed", None),
        ("replaced", new.load_id),
        ("loaded", None),
    ]


def test_a_load_counts_again_when_the_one_that_replaced_it_is_withdrawn(
    connection: psycopg.Connection,
) -> None:
    month = replace(CONTENT, covers=MONTH)
    for digit in "123":
        loaded(connection, replace(month, sha256=digit * 64))
    assert ledger.withdraw(connection, [3]) == (3,)
    assert [(load.status, load.replaced_by) for load in ledger.read_loads(connection)] == [
        ("replaced", 2),
        ("loaded", None),
        ("withdrawn", None),
    ]


def test_the_same_bytes_can_replace_themselves(connection: psycopg.Connection) -> None:
    month = replace(CONTENT, covers=MONTH)
    assert [loaded(connection, month), loaded(connection, month)] == [1, 2]
    assert [load.status for load in ledger.read_loads(connection)] == ["replaced", "loaded"]


def test_of_two_loads_of_one_cover_that_end_at_once_one_counts(
    connection: psycopg.Connection, connect: Connect
) -> None:
    contents = [replace(CONTENT, covers=MONTH, sha256=str(number) * 64) for number in range(2, 6)]
    all_begun = [ledger.begin(connection, content) for content in contents]
    gate = threading.Barrier(len(all_begun))

    def finish(begun: Begun, content: Content) -> None:
        opened = connect()
        with opened.transaction():
            opened.execute("select 1 from loader.loads")
            gate.wait(10)
            ledger.finish(opened, begun, content, NONE)
            time.sleep(0.05)

    with ThreadPoolExecutor(len(all_begun)) as pool:
        list(pool.map(finish, all_begun, contents))
    statuses = sorted(load.status for load in ledger.read_loads(connection))
    assert statuses == ["loaded", "replaced", "replaced", "replaced"]


def test_no_path_is_too_long_for_the_ledger(connection: psycopg.Connection) -> None:
    uri = "file:///" + secrets.token_urlsafe(9000)
    load_id = loaded(connection, replace(CONTENT, uri=uri))
    load = ledger.find_by_etag(connection, uri, "e-1")
    assert load is not None
    assert load.load_id == load_id


def test_an_index_that_took_no_long_paths_makes_way(
    connection: psycopg.Connection, exports: tuple[Export, ...]
) -> None:
    connection.execute("create index loads_by_place on loader.loads (uri, etag)")
    prepare(connection, exports)
    indexes = connection.execute(
        "select indexrelid::regclass::text from pg_index"
        " where indrelid = 'loader.loads'::regclass order by 1"
    ).fetchall()
    assert [name for (name,) in indexes] == [
        *("loader.loads_by_content", "loader.loads_by_size", "loader.loads_by_uri"),
        *("loader.loads_pkey", "loader.loads_same_bytes"),
    ]


def test_an_object_is_known_by_its_version(connection: psycopg.Connection) -> None:
    loaded(connection)
    load = ledger.find_by_etag(connection, CONTENT.uri, "e-1")
    assert load is not None
    assert load.load_id == 1
    assert ledger.find_by_etag(connection, CONTENT.uri, "e-2") is None
    assert ledger.find_by_etag(connection, "s3://other", "e-1") is None
    ledger.withdraw(connection, [1])
    assert ledger.find_by_etag(connection, CONTENT.uri, "e-1") is None


def test_a_size_tells_whether_a_hash_is_worth_it(connection: psycopg.Connection) -> None:
    def known(size: int | None, stored: int | None) -> bool:
        return ledger.loaded_of_size(connection, bytes=size, stored_bytes=stored)

    begun = ledger.begin(connection, CONTENT)
    assert not known(10, 4)
    ledger.finish(connection, begun, CONTENT, NONE)
    assert [known(10, None), known(None, 4), known(4, 10), known(None, None)] == [
        *[True] * 2,
        *[False] * 2,
    ]


def test_a_failure_is_entered_whether_or_not_the_beginning_was_committed(
    connection: psycopg.Connection,
) -> None:
    with connection.transaction(force_rollback=True):
        undone = ledger.begin(connection, CONTENT)
    kept = ledger.begin(connection, replace(CONTENT, sha256="0" * 64))
    for begun in (undone, kept):
        ledger.record_failure(connection, begun, CONTENT, Counts(3, 0, 2, 1), "line 2: empty")
    assert [
        (load.status, load.failure, load.rows_rejected, load.sha256, load.started_at)
        for load in ledger.read_loads(connection)
    ] == [
        ("failed", "line 2: empty", 2, CONTENT.sha256, begun.started_at) for begun in (undone, kept)
    ]


def test_a_load_that_ended_stays_as_it_is(connection: psycopg.Connection) -> None:
    begun = ledger.begin(connection, CONTENT)
    ledger.finish(connection, begun, CONTENT, NONE)
    ledger.record_failure(connection, begun, CONTENT, NONE, "no answer to COMMIT")
    ledger.forget(connection, begun.load_id)
    assert found(connection, begun.load_id).status == "loaded"
    with pytest.raises(DatabaseError, match="load 1 was ended by another loader"):
        ledger.finish(connection, begun, CONTENT, NONE)


def test_a_load_under_way_can_be_forgotten(connection: psycopg.Connection) -> None:
    ledger.forget(connection, ledger.begin(connection, CONTENT).load_id)
    assert ledger.read_loads(connection) == ()


def begun_with_rows(connection: psycopg.Connection, count: int = 2) -> int:
    """Begin a load as a large one does, with rows committed before it is loaded."""
    with connection.transaction():
        load_id = ledger.begin(connection, CONTENT).load_id
        locks.hold(connection, load_id)
    connection.execute(
        "insert into raw_spacelift.worker_count (_load_id, _row_number)"
        " select %s, generate_series(1, %s)",
        [load_id, count],
    )
    return load_id


def rows_by_load(connection: psycopg.Connection) -> list[tuple[int, int]]:
    return connection.execute(
        "select _load_id, count(*) from raw_spacelift.worker_count group by 1 order by 1"
    ).fetchall()


def test_a_load_whose_loader_is_gone_is_swept(
    connection: psycopg.Connection, connect: Connect, exports: tuple[Export, ...]
) -> None:
    gone, alive = connect(), connect()
    lost, kept = begun_with_rows(gone), begun_with_rows(alive)
    connection.execute(
        "insert into loader.rejects values (%s, 2, 0, null, 'empty', 'is empty', '')", [lost]
    )
    gone.close()
    wait_for(lambda: sweep(connection, exports) == (lost,))
    assert rows_by_load(connection) == [(kept, 2)]
    assert connection.execute("select count(*) from loader.rejects").fetchone() == (0,)
    load = found(connection, lost)
    assert (load.status, load.failure) == ("failed", FAILURE)
    assert load.finished_at is not None
    assert found(connection, kept).status == "loading"
    assert sweep(connection, exports) == ()


def test_a_load_is_alive_as_long_as_one_of_its_sessions_is(
    connection: psycopg.Connection, connect: Connect, exports: tuple[Export, ...]
) -> None:
    main, copy = connect(), connect()
    copy.execute("set lock_timeout = '5s'")
    load_id = begun_with_rows(main)
    locks.hold(copy, load_id, copy=1)
    main.close()
    assert name_of(copy) == f"loader load {load_id}.1"
    time.sleep(0.3)
    assert sweep(connection, exports) == ()
    locks.release(copy, load_id)
    assert name_of(copy) == ""
    assert sweep(connection, exports) == (load_id,)


def test_a_session_does_not_sweep_its_own_load(
    connection: psycopg.Connection, exports: tuple[Export, ...]
) -> None:
    load_id = begun_with_rows(connection)
    assert sweep(connection, exports) == ()
    locks.release(connection, load_id)
    assert sweep(connection, exports) == (load_id,)


def test_two_sweeps_at_once_undo_each_load_once(
    connection: psycopg.Connection, connect: Connect, exports: tuple[Export, ...]
) -> None:
    ids = [begun_with_rows(connection, 50) for _ in range(20)]
    for load_id in ids:
        locks.release(connection, load_id)
    sweepers = [connect() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        swept = list(pool.map(lambda opened: sweep(opened, exports), sweepers))
    assert sorted(load_id for part in swept for load_id in part) == ids
    assert rows_by_load(connection) == []
    held = connection.execute("select count(*) from pg_locks where locktype = 'advisory'")
    assert held.fetchone() == (0,)


def test_a_load_of_an_export_that_is_not_asked_for_is_left(
    connection: psycopg.Connection, exports: tuple[Export, ...]
) -> None:
    locks.release(connection, begun_with_rows(connection))
    assert sweep(connection, exports[:1]) == ()
    assert len(rows_by_load(connection)) == 1


def name_of(connection: psycopg.Connection) -> str:
    row = connection.execute("select current_setting('application_name')").fetchone()
    assert row is not None
    return str(row[0])


def wait_for(happens: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_transaction_is_called_after_the_load_it_begins(connection: psycopg.Connection) -> None:
    with connection.transaction():
        begun = ledger.begin(connection, CONTENT)
        assert name_of(connection) == f"loader load {begun.load_id}"
    assert name_of(connection) == ""


def claim(connection: psycopg.Connection) -> Begun | Load:
    return ledger.claim(connection, CONTENT, any_account=False)


def test_what_is_claimed_is_in_the_ledger_when_it_is_finished(
    connection: psycopg.Connection,
) -> None:
    begun = claim(connection)
    assert isinstance(begun, Begun)
    assert name_of(connection) == f"loader load {begun.load_id}"
    assert ledger.read_loads(connection) == ()
    finished = ledger.finish(connection, begun, CONTENT, Counts(4, 2, 1, 1))
    assert connection.execute("select pg_current_xact_id()::text").fetchone() == (finished.xid,)
    connection.execute("commit")
    load = found(connection, begun.load_id)
    assert (load.status, load.started_at, load.xid) == ("loaded", begun.started_at, finished.xid)
    assert (load.rows_read, load.rows_loaded, load.rows_rejected, load.rows_blank) == (4, 2, 1, 1)


def test_what_is_loaded_is_found_instead_of_claimed_and_takes_no_number(
    connection: psycopg.Connection,
) -> None:
    month = replace(CONTENT, added_columns=("region", 'a "b"'), covers=MONTH)
    load_id = loaded(connection, month)
    for _ in range(3):
        assert claim(connection) == found(connection, load_id)
        connection.execute("rollback")
    assert loaded(connection, replace(CONTENT, sha256="2" * 64)) == load_id + 1


def test_a_ledger_without_a_sequence_of_its_own_is_named(connection: psycopg.Connection) -> None:
    connection.execute("alter table loader.loads alter load_id drop identity")
    with pytest.raises(DatabaseError, match="load_id has no sequence") as failure:
        claim(connection)
    assert "add generated by default as identity" in failure.value.hints[0]
    connection.execute("rollback")


def test_a_claim_never_takes_the_number_of_another_load(connection: psycopg.Connection) -> None:
    other = ledger.begin(connection, replace(CONTENT, sha256="2" * 64))
    connection.execute("select setval('loader.loads_load_id_seq', 1, false)")
    begun = claim(connection)
    assert isinstance(begun, Begun)
    assert begun.load_id == other.load_id
    with pytest.raises(psycopg.errors.UniqueViolation):
        ledger.finish(connection, begun, CONTENT, NONE)
    connection.execute("rollback")
    ledger.record_failure(connection, begun, CONTENT, NONE, "its number was taken")
    assert found(connection, other.load_id).status == "loading"


@pytest.mark.parametrize("account", ["o'b", "a\\' or 1=1 --", "100%", "%s %(key)s", 'ü "x"', "\\"])
@pytest.mark.parametrize("strings", ["on", "off"])
def test_whatever_an_account_is_called_its_bytes_are_found(
    connection: psycopg.Connection, account: str, strings: str
) -> None:
    connection.execute("set escape_string_warning = off")
    connection.execute(f"set standard_conforming_strings = {strings}")
    load_id = loaded(connection, replace(CONTENT, account_key=account))
    for key in (account, account + "'"):
        content = replace(CONTENT, account_key=key)
        claimed = ledger.claim(connection, content, any_account=False)
        assert isinstance(claimed, Load) == (key == account)
        connection.execute("rollback")
    assert found(connection, load_id).account_key == account


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read", "serializable"])
def test_who_waits_for_a_claim_finds_what_came_of_it(
    connection: psycopg.Connection, connect: Connect, isolation: str
) -> None:
    waiting = connect()
    waiting.execute(f"set default_transaction_isolation = '{isolation}'")
    begun = claim(connection)
    assert isinstance(begun, Begun)
    with ThreadPoolExecutor(1) as pool:
        claimed = pool.submit(claim, waiting)
        time.sleep(0.3)
        assert not claimed.done()
        ledger.finish(connection, begun, CONTENT, NONE)
        connection.execute("commit")
        assert claimed.result(20) == found(connection, begun.load_id)
    waiting.execute("rollback")


def test_who_waits_for_a_claim_that_is_given_up_has_it(
    connection: psycopg.Connection, connect: Connect
) -> None:
    waiting = connect()
    begun = claim(connection)
    assert isinstance(begun, Begun)
    with ThreadPoolExecutor(1) as pool:
        claimed = pool.submit(claim, waiting)
        time.sleep(0.3)
        connection.execute("rollback")
        next_begun = claimed.result(20)
    assert isinstance(next_begun, Begun)
    assert next_begun.load_id > begun.load_id
    ledger.finish(waiting, next_begun, CONTENT, NONE)
    waiting.execute("commit")
    assert found(connection, next_begun.load_id).status == "loaded"


def test_a_candidate_is_free_when_its_holder_lets_it_go(
    connection: psycopg.Connection, connect: Connect
) -> None:
    other = connect()
    assert locks.lock_candidate(connection, "a b", patience=0).terminated == ()
    with pytest.raises(DatabaseError) as failure:
        locks.lock_candidate(other, "a b", patience=0.3)
    assert str(failure.value) == (
        "the same file is still being loaded elsewhere after 0.3 seconds\n"
        "  wait for that load, or end it, and try again"
    )
    assert locks.lock_candidate(other, "a c", patience=0).seconds < 1
    threading.Timer(0.3, lambda: locks.unlock_candidate(connection, "a b")).start()
    assert locks.lock_candidate(other, "a b", patience=10).seconds > 0.2


@contextmanager
def copying(connection: psycopg.Connection, *, moving: bool) -> Iterator[None]:
    """Be in the middle of a COPY, sending a row every now and then or nothing at all."""
    ended = threading.Event()

    def copy() -> None:
        statement = "copy raw_spacelift.worker_count (_load_id, _row_number) from stdin"
        try:
            with connection.cursor().copy(statement) as stream:
                stream.write_row((1, 1))
                while not ended.wait(0.1):
                    if moving:
                        stream.write(b"1\t1\n" * 20_000)
        except psycopg.OperationalError:
            pass

    thread = threading.Thread(target=copy)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@pytest.mark.parametrize("moving", [True, False])
def test_a_holder_is_ended_only_when_nothing_of_its_load_moves(
    connection: psycopg.Connection, connect: Connect, *, moving: bool
) -> None:
    main, copy, neighbour = connect(), connect(), connect()
    locks.lock_candidate(main, "a", patience=0)
    locks.hold(neighbour, 70)
    locks.hold(main, 7)
    locks.hold(copy, 7, copy=1)
    pids = {main.info.backend_pid, copy.info.backend_pid}
    with copying(copy, moving=moving):
        if moving:
            with pytest.raises(DatabaseError), connection.transaction():
                locks.lock_candidate(connection, "a", patience=2.5, stalled_after=1)
            assert name_of(main) == "loader load 7"
            return
        waited = locks.lock_candidate(connection, "a", patience=20, stalled_after=1)
    assert set(waited.terminated) == pids
    assert 1 <= waited.seconds < 10
    for ended in (main, copy):
        with pytest.raises(psycopg.OperationalError):
            ended.execute("select 1")
    assert name_of(neighbour) == "loader load 70"


def test_a_holder_that_works_or_is_no_load_is_not_ended(
    connection: psycopg.Connection, connect: Connect
) -> None:
    other = connect()
    locks.lock_candidate(other, "a", patience=0)
    with pytest.raises(DatabaseError):
        locks.lock_candidate(connection, "a", patience=1.5, stalled_after=0.2)
    locks.hold(other, 7)
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(other.execute, "select pg_sleep(3)")
        with pytest.raises(DatabaseError):
            locks.lock_candidate(connection, "a", patience=1.5, stalled_after=0.2)
        working.result()


@pytest.mark.parametrize("working", [True, False])
def test_a_holder_that_has_not_begun_is_ended_unless_it_shows_that_it_works(
    connection: psycopg.Connection, connect: Connect, *, working: bool
) -> None:
    main = connect()
    main.execute("set application_name = 'loader'")
    locks.lock_candidate(main, "a", patience=0)
    sign, ended = locks.sign_of_life(main), threading.Event()

    def work() -> None:
        while not ended.wait(0.05):
            sign()

    with ThreadPoolExecutor(1) as pool:
        if working:
            done = pool.submit(work)
            try:
                with pytest.raises(DatabaseError):
                    locks.lock_candidate(connection, "a", patience=4, stalled_after=2)
            finally:
                ended.set()
            done.result()
            return
        waited = locks.lock_candidate(connection, "a", patience=20, stalled_after=2)
    assert waited.terminated == (main.info.backend_pid,)
    assert 2 <= waited.seconds < 10


STOPPED = """
import psycopg, sys
from loader import ledger
connection = psycopg.connect("", autocommit=True)
with connection.transaction():
    ledger.lock_content(connection, ledger.Content("e", "a", "u", "x.csv", "1" * 64, 1))
    ledger.begin(connection, ledger.Content("e", "a", "u", "x.csv", "1" * 64, 1))
    with connection.cursor().copy("copy loader.rejects from stdin") as copy:
        print("copying", flush=True)
        sys.stdin.read()
"""


def test_bytes_a_stopped_process_was_loading_can_be_loaded(
    connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOADER_STALLED_SECONDS", "0.6")
    with subprocess.Popen(
        [sys.executable, "-c", STOPPED], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"copying\n"
            os.kill(process.pid, signal.SIGSTOP)
            with connection.transaction():
                content = Content("e", "a", "u", "x.csv", "1" * 64, 1)
                waited = ledger.lock_content(connection, content, patience=20)
                assert len(waited.terminated) == 1
        finally:
            process.kill()


@pytest.mark.parametrize("given", ["soon", "0", "-1", "nan", "inf"])
def test_a_setting_that_is_no_time_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("LOADER_STALLED_SECONDS", given)
    with pytest.raises(UsageError) as refusal:
        locks.stalled_seconds()
    assert str(refusal.value) == f"LOADER_STALLED_SECONDS: is not a number of seconds: '{given}'"


def test_a_minute_is_long_enough_unless_set_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOADER_STALLED_SECONDS", raising=False)
    assert locks.stalled_seconds() == 60
    monkeypatch.setenv("LOADER_STALLED_SECONDS", "2.5")
    assert locks.stalled_seconds() == 2.5


@pytest.mark.parametrize(("name", "is_ended"), [("loader", True), ("somebody", False)])
def test_a_client_that_stopped_before_it_named_its_load_is_ended(
    connection: psycopg.Connection,
    connect: Callable[[], psycopg.Connection],
    name: str,
    *,
    is_ended: bool,
) -> None:
    content = Content("e", "a", "u", "x.csv", "1" * 64, 1)
    holder = connect()
    holder.execute("select set_config('application_name', %s, false)", [name])
    holder.execute("begin")
    ledger.lock_content(holder, content)
    if is_ended:
        with connection.transaction():
            waited = ledger.lock_content(connection, content, patience=20, stalled_after=0.3)
        assert waited.terminated == (holder.info.backend_pid,)
    else:
        with pytest.raises(DatabaseError, match="still being loaded"), connection.transaction():
            ledger.lock_content(connection, content, patience=1, stalled_after=0.3)
    holder.close()
