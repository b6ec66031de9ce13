"""Scratch schemas beside the real ones, and a folder of their name for dbt's files.

Both go however a run ends, or with the next run if it cannot.
"""

import fcntl
import os
import secrets
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType

from psycopg import Connection, sql

_PREFIX = "what_if_"
_KEPT = "Kept by loader what-if --keep; drop it when it is no longer needed."
_SCHEMAS = """
    select nspname, coalesce(obj_description(oid, 'pg_namespace'), '') = %s as is_kept
    from pg_catalog.pg_namespace
    where starts_with(nspname, %s)
    order by nspname
"""


@contextmanager
def scratch(connection: Connection, *, keep: bool) -> Iterator[str]:
    """Yield a new target schema for dbt; drop all that was built in it at the end.

    The caller holds the lock of builds, so what another run left behind is nobody's, and is dropped
    first. With `keep` the schemas stay if the run succeeds. Ends by signals end it too.
    """
    drop(connection, _PREFIX)
    schema = f"{_PREFIX}{secrets.token_hex(4)}"
    kept = False
    try:
        with _interruptible():
            yield schema
            if keep:
                _mark_kept(connection, schema)
                kept = True
    finally:
        if not kept:
            drop(connection, schema)


@contextmanager
def scratch_folder(folder: Path) -> Iterator[Path]:
    """Yield a new folder, removed at the end; remove those of runs that are gone.

    A run on another database may be at work in the same project, so that each locks its own.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        with _locked(folder.parent, wait=True):
            for left in folder.parent.glob(f"{_PREFIX}*"):
                with suppress(OSError), _locked(left):
                    shutil.rmtree(left)
            folder.mkdir()
            stack.enter_context(_locked(folder))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        yield folder


@contextmanager
def _locked(folder: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold a folder's lock; raise `OSError` at once where another holds it, unless to `wait`."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)


def drop(connection: Connection, beginning: str) -> None:
    """Drop the schemas whose names begin so, apart from those that were kept on purpose."""
    for name, is_kept in connection.execute(_SCHEMAS, [_KEPT, beginning]).fetchall():
        if not is_kept:
            statement = sql.SQL("drop schema if exists {} cascade")
            connection.execute(statement.format(sql.Identifier(name)))


def _mark_kept(connection: Connection, schema: str) -> None:
    for name, _ in connection.execute(_SCHEMAS, [_KEPT, schema]).fetchall():
        statement = sql.SQL("comment on schema {} is {}")
        connection.execute(statement.format(sql.Identifier(name), sql.Literal(_KEPT)))


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let a request to end, which ends a process on the spot, be an interruption instead."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
