"""Waiting for other loaders: advisory locks, and an end to holders whose client has stopped.

A client that is stopped or cut off without a word keeps its transaction and its locks for ever: no
timeout of PostgreSQL ends a COPY that waits for input. Whoever waits for such a lock watches what
the holder does, and ends it when nothing of it has moved for a while.
"""

import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

from psycopg import Connection
from psycopg.errors import InsufficientPrivilege

from loader.errors import DatabaseError, UsageError

PATIENCE_SECONDS = 600
STALLED_SETTING = "LOADER_STALLED_SECONDS"
_STALLED_SECONDS = 60.0
_POLL_SECONDS = 0.2
_SIGN_SECONDS = 0.5
_HOLD_NAMESPACE = 0x6C6F6164
# Beside a column load_id, names the transaction after its load, as `hold` names a session.
NAMING_TRANSACTION = "pg_catalog.set_config('application_name', 'loader load ' || load_id, true)"
# Says whether nobody else has the lock called `key`, which is the transaction's then.
TRY_UNTIL_COMMIT = (
    "select pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended(%(key)s, 0))"
)

_TRY = {
    "session": "select pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended(%(key)s, 0))",
    "transaction": TRY_UNTIL_COMMIT,
}
# The processes that work on the load the holder works on: `loader load 7`, `loader load 7.1`, …
_HOLDERS = """
    with held as (select pg_catalog.hashtextextended(%s, 0) as number),

    holders as (
        select activities.pid, activities.application_name
        from held
        inner join pg_catalog.pg_locks as locks
            on locks.classid = ((held.number >> 32) & 4294967295)::oid
            and locks.objid = (held.number & 4294967295)::oid
        inner join pg_catalog.pg_stat_activity as activities on locks.pid = activities.pid
        inner join pg_catalog.pg_database as databases
            on locks.database = databases.oid and databases.datname = current_database()
        where locks.locktype = 'advisory' and locks.objsubid = 1 and locks.granted
            and (
                starts_with(activities.application_name, 'loader load ')
                -- It stopped before it could say which load it works on.
                or activities.application_name = 'loader'
            )
    )

    select
        activities.pid,
        activities.wait_event in ('ClientRead', 'ClientWrite'),
        activities.state, activities.state_change, activities.query_start,
        copies.bytes_processed
    from pg_catalog.pg_stat_activity as activities
    left join pg_catalog.pg_stat_progress_copy as copies on activities.pid = copies.pid
    where activities.datname = current_database()
        and activities.pid != pg_catalog.pg_backend_pid()
        and exists (
            select from holders
            where holders.pid = activities.pid
                or starts_with(activities.application_name, holders.application_name || '.')
        )
    order by activities.pid
"""


@dataclass(frozen=True)
class Waited:
    """What it took to get a lock; `terminated` are server processes whose client had stopped."""

    seconds: float
    terminated: tuple[int, ...] = ()


def stalled_seconds() -> float:
    """Return after how many seconds without a move a holder is ended: 60 unless set otherwise."""
    given = os.environ.get(STALLED_SETTING, "").strip()
    try:
        seconds = float(given or _STALLED_SECONDS)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        message = f"{STALLED_SETTING}: is not a number of seconds: {given!r}"
        raise UsageError(message)
    return seconds


def acquire(
    connection: Connection,
    key: str,
    *,
    until: Literal["session", "transaction"],
    patience: float,
    stalled_after: float | None = None,
) -> Waited | None:
    """Get the advisory lock called `key`, or return None when `patience` seconds were too few.

    `until` is what ends it, apart from `unlock_candidate`. A holder that works on a load, by the
    name of its session, is terminated when for `stalled_after` seconds it waits for its client and
    nothing moves. So a client must not leave all of a load's sessions alone for that long.
    """
    began = time.monotonic()
    watch = _Watch(stalled_seconds() if stalled_after is None else stalled_after)
    while True:
        row = connection.execute(_TRY[until], {"key": key}).fetchone()
        waited = time.monotonic() - began
        if row is not None and row[0]:
            return Waited(waited, tuple(watch.terminated))
        if waited >= patience:
            return None
        watch.look(connection, key)
        time.sleep(min(_POLL_SECONDS, patience - waited))


def lock_candidate(
    connection: Connection,
    key: str,
    *,
    patience: float,
    stalled_after: float | None = None,
) -> Waited:
    """Keep others from working on `key` until `unlock_candidate` or the end of the session.

    After `patience` seconds raises `DatabaseError`.
    """
    waited = acquire(
        connection, key, until="session", patience=patience, stalled_after=stalled_after
    )
    if waited is None:
        message = f"the same file is still being loaded elsewhere after {patience:g} seconds"
        raise DatabaseError(message, "wait for that load, or end it, and try again")
    return waited


def unlock_candidate(connection: Connection, key: str) -> None:
    """Let others work on `key`."""
    unlock = "select pg_catalog.pg_advisory_unlock(pg_catalog.hashtextextended(%s, 0))"
    connection.execute(unlock, [key])


@contextmanager
def alone(connection: Connection, key: str) -> Iterator[None]:
    """Wait until nobody has the advisory lock called `key`, for ever, and keep others out."""
    connection.execute(
        "select pg_catalog.pg_advisory_lock(pg_catalog.hashtextextended(%s, 0))", [key]
    )
    try:
        yield
    finally:
        unlock_candidate(connection, key)


def lock_until_commit(connection: Connection, key: str) -> None:
    """Wait until nobody has the advisory lock called `key`; hold it to the transaction's end.

    A holder that stopped is ended as `acquire` says. Raises `DatabaseError` after ten minutes.
    """
    if acquire(connection, key, until="transaction", patience=PATIENCE_SECONDS) is None:
        message = f"another loader kept the tables to itself for {PATIENCE_SECONDS:g} seconds"
        raise DatabaseError(message, "wait for it, or end it, and try again")


def sign_of_life(connection: Connection) -> Callable[[], None]:
    """Return what a client calls again and again while it works on a file and asks for nothing."""
    last = time.monotonic()

    def show() -> None:
        nonlocal last
        if time.monotonic() - last >= _SIGN_SECONDS:
            connection.execute("select")
            last = time.monotonic()

    return show


def hold(connection: Connection, load_id: int, *, copy: int | None = None) -> None:
    """Say until the end of the session, or `release`, that a load's client is alive.

    Several sessions can hold one load; those that copy rows for it have a number, `copy`. The
    session is called `loader load <load_id>`, and `.<copy>` after it.
    """
    connection.execute(
        "select pg_catalog.pg_advisory_lock_shared(%s::integer, %s::integer)", number_of(load_id)
    )
    _call_session(connection, load_id, copy)


def release(connection: Connection, load_id: int) -> None:
    """End what `hold` began."""
    connection.execute(
        "select pg_catalog.pg_advisory_unlock_shared(%s::integer, %s::integer)", number_of(load_id)
    )
    connection.execute("reset application_name")


def number_of(load_id: int) -> tuple[int, int]:
    """Return the two integers whose advisory lock says that a load's client is alive."""
    return _HOLD_NAMESPACE, load_id % (1 << 31)


def _call_session(connection: Connection, load_id: int, copy: int | None) -> None:
    name = f"loader load {load_id}" if copy is None else f"loader load {load_id}.{copy}"
    connection.execute("select pg_catalog.set_config('application_name', %s, false)", [name])


class _Watch:
    """What is seen of a lock's holder from one look to the next."""

    def __init__(self, stalled_after: float) -> None:
        self.terminated: list[int] = []
        self._stalled_after = stalled_after
        self._seen: list[tuple[object, ...]] = []
        self._since = time.monotonic()

    def look(self, connection: Connection, key: str) -> None:
        """Look at the holder; end it when it has waited for an unmoving client for too long."""
        # Within a transaction, statistics are those of the first look unless they are cleared.
        connection.execute("select pg_catalog.pg_stat_clear_snapshot()")
        seen = connection.execute(_HOLDERS, [key]).fetchall()
        now = time.monotonic()
        if seen != self._seen or not all(waits for _, waits, *_ in seen):
            self._seen, self._since = seen, now
        elif seen and now - self._since >= self._stalled_after:
            for pid, *_ in seen:
                self._terminate(connection, pid)
            self._since = now

    def _terminate(self, connection: Connection, pid: int) -> None:
        with suppress(InsufficientPrivilege), connection.transaction():
            statement = "select pg_catalog.pg_terminate_backend(%s)"
            row = connection.execute(statement, [pid]).fetchone()
            if row is not None and row[0]:
                self.terminated.append(pid)
