"""Reading several tables as of one moment, while builds replace them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg import Connection, errors, sql

from loader import relations
from loader.errors import UsageError


@contextmanager
def one_moment(
    connection: Connection[Any], names: Sequence[str], *, are_needed: bool = True
) -> Iterator[None]:
    """Read the relations, given as schema.name, in one read-only snapshot.

    A build puts another table in a table's place, and to a snapshot taken before, the new one is
    there and empty. So the relations are locked against that first, and the snapshot comes with
    the first query. The connection must not be inside a transaction. Raises `UsageError` when a
    relation does not exist; when they are not needed, those that exist are read.
    """
    if not are_needed:
        with connection.transaction():
            absent = relations.missing(connection, *names)
        names = [name for name in names if name not in absent]
    locked = sql.SQL(", ").join(sql.Identifier(*name.split(".")) for name in names)
    lock = sql.SQL("lock table {} in access share mode").format(locked)
    with _explained(connection, names), connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        if names:
            connection.execute(lock)
        yield


@contextmanager
def _explained(connection: Connection[Any], names: Sequence[str]) -> Iterator[None]:
    try:
        yield
    except (errors.UndefinedTable, errors.InvalidSchemaName):
        with connection.transaction():
            missing = relations.missing(connection, *names)
        if not missing:
            raise
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        message = f"the database has no {missing[0]}{others}"
        raise UsageError(message, "run make build first") from None
