"""Commits a transaction and finds out what became of it when the answer never came.

A connection lost at COMMIT looks the same whether the server got the COMMIT or not. The number the
transaction had is asked for before, so that a new connection can ask how it ended.
"""

import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass

import psycopg
from psycopg import Connection
from psycopg.pq import TransactionStatus

from loader.errors import DatabaseError

PATIENCE_SECONDS = 30.0
# How long a server that did not notice the loss may go on before its session is ended.
_TERMINATE_AFTER_SECONDS = 5.0
_FIRST_WAIT_SECONDS = 0.05
_LONGEST_WAIT_SECONDS = 2.0


@dataclass(frozen=True)
class _Transaction:
    """A transaction as the server knows it: its 64-bit number and the session it runs in."""

    number: str
    pid: int


def commit(
    connection: Connection,
    reconnect: Callable[[], Connection],
    *,
    number: str | None = None,
    patience: float = PATIENCE_SECONDS,
) -> None:
    """Commit the transaction `connection` is in; return once it is known to be committed.

    `number` is its `pg_current_xact_id()`, where the caller knows it; otherwise it is asked for.

    For a connection that is not in autocommit mode, or on which BEGIN was executed; not inside of
    `connection.transaction()`, which commits by itself. `reconnect` opens another connection to
    the same server and is called, for at most `patience` seconds, when this one is lost at the
    COMMIT; `connection` is closed then. Raises `DatabaseError` when nothing was committed or when
    the outcome stays unknown, and what the server says when it refuses the COMMIT.
    """
    try:
        transaction = _identify(connection, number)
    except psycopg.Error as error:
        if not _is_loss(error, connection):
            raise
        connection.close()
        raise _not_committed() from None
    try:
        connection.commit()
    except psycopg.Error as error:
        if not _is_loss(error, connection):
            raise
        # The server cannot go on waiting for a client that is gone.
        connection.close()
        _resolve(transaction, reconnect, patience)


def _identify(connection: Connection, number: str | None) -> _Transaction:
    """Give the transaction a number if it has none, and return it; raise if it has failed."""
    status, pid = connection.info.transaction_status, connection.info.backend_pid
    if status == TransactionStatus.IDLE:
        message = "there is no transaction to commit"
        raise psycopg.ProgrammingError(message)
    if number is not None and status == TransactionStatus.INTRANS:
        return _Transaction(number, pid)
    row = connection.execute("select pg_catalog.pg_current_xact_id()::text").fetchone()
    if row is None:
        message = "PostgreSQL returned no number for the transaction"
        raise DatabaseError(message)
    return _Transaction(str(row[0]), pid)


def _is_loss(error: psycopg.Error, connection: Connection) -> bool:
    """Say whether `error` means that the session is over, whatever became of its transaction."""
    if connection.closed or error.diag.severity_nonlocalized in {"FATAL", "PANIC"}:
        return True
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    state = error.sqlstate
    return state is None or state.startswith(("08", "57P0"))


def _resolve(
    transaction: _Transaction, reconnect: Callable[[], Connection], patience: float
) -> None:
    """Return if the transaction was committed; raise `DatabaseError` if not, or if nobody knows."""
    begun = time.monotonic()
    wait = _FIRST_WAIT_SECONDS
    while True:
        status: str | None = "unreachable"
        # DatabaseError: what `reconnect` says of a server that is not back yet.
        with suppress(psycopg.Error, DatabaseError, OSError), closing(reconnect()) as witness:
            status = _await_end(witness, transaction, begun, patience)
        if status == "committed":
            return
        if status == "aborted":
            raise _not_committed()
        if status != "unreachable" or time.monotonic() - begun + wait > patience:
            raise _unknown()
        time.sleep(wait)
        wait = min(2 * wait, _LONGEST_WAIT_SECONDS)


def _await_end(
    witness: Connection, transaction: _Transaction, begun: float, patience: float
) -> str | None:
    """Return how the transaction ended, or `in progress` when patience did before.

    A session that goes on for long is ended: it may wait for a COMMIT that will never arrive.
    """
    witness.autocommit = True
    while True:
        status = _status(witness, transaction)
        waited = time.monotonic() - begun
        if status != "in progress" or waited > patience:
            return status
        if waited > min(_TERMINATE_AFTER_SECONDS, patience / 2):
            _terminate(witness, transaction)
        time.sleep(_FIRST_WAIT_SECONDS)


def _status(witness: Connection, transaction: _Transaction) -> str | None:
    """Return committed, aborted or in progress; None when this server has no record of it."""
    try:
        row = witness.execute(
            "select pg_catalog.pg_xact_status(%s::text::xid8)", [transaction.number]
        ).fetchone()
    except psycopg.errors.InvalidParameterValue:
        # A number from the future: another server answers, or one that was set back.
        return None
    return None if row is None else row[0]


def _terminate(witness: Connection, transaction: _Transaction) -> None:
    """End the session of the transaction, and no other that has taken its process number."""
    with suppress(psycopg.errors.InsufficientPrivilege):
        witness.execute(
            "select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity"
            " where pid = %s and backend_xid = %s::text::xid8::xid",
            [transaction.pid, transaction.number],
        )


def _not_committed() -> DatabaseError:
    message = "the connection was lost before the load was committed"
    return DatabaseError(message, "nothing was loaded; load the file again")


def _unknown() -> DatabaseError:
    message = "the connection was lost at the commit, and whether the file was loaded is unknown"
    hint = "load the file again: what is loaded already is known by its content"
    return DatabaseError(message, hint)
