"""Loads whose loader ended before they were complete: found, undone and entered as failed."""

from collections.abc import Sequence

from psycopg import Connection

from loader import locks, raw_tables, rejects
from loader.exports import Export

FAILURE = "interrupted: the loader ended before the load was complete"

# A session does not conflict with itself, so loads it holds have to be left out by name.
_UNDER_WAY = """
    select loads.load_id, loads.export
    from loader.loads
    where loads.status = 'loading' and loads.export = any(%s)
        and not exists (
            select from pg_catalog.pg_locks as locks
            where locks.pid = pg_catalog.pg_backend_pid()
                and locks.locktype = 'advisory' and locks.objsubid = 2
                and locks.classid = %s::bigint::oid
                and locks.objid = (loads.load_id %% 2147483648)::oid
        )
    order by loads.load_id
"""


def sweep(connection: Connection, exports: Sequence[Export]) -> tuple[int, ...]:
    """Undo the loads of `exports` that nobody holds any more; return their numbers.

    `connection` must not be in a transaction. Safe beside loads under way and other sweeps.
    """
    declared = {export.name: export for export in exports}
    namespace, _ = locks.number_of(0)
    found = connection.execute(_UNDER_WAY, [list(declared), namespace]).fetchall()
    return tuple(load_id for load_id, name in found if _undo(connection, load_id, declared[name]))


def _undo(connection: Connection, load_id: int, export: Export) -> bool:
    number = locks.number_of(load_id)
    lock = "select pg_catalog.pg_try_advisory_lock(%s::integer, %s::integer)"
    row = connection.execute(lock, number).fetchone()
    if row is None or not row[0]:
        return False
    try:
        with connection.transaction():
            failed = connection.execute(
                "update loader.loads"
                " set status = 'failed', failure = %s, finished_at = clock_timestamp()"
                " where load_id = %s and status = 'loading' returning load_id",
                [FAILURE, load_id],
            ).fetchone()
            if failed is not None:
                raw_tables.remove(connection, export, load_id)
                rejects.remove(connection, load_id)
        return failed is not None
    finally:
        unlock = "select pg_catalog.pg_advisory_unlock(%s::integer, %s::integer)"
        connection.execute(unlock, number)
