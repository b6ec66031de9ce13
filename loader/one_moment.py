"""Reading several tables as of one moment, while builds replace them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg import Connection, sql

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
    with connection.transaction():
        absent = relations.missing(connection, *names)
    if absent and are_needed:
        others = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        message = f"the database has no {absent[0]}{others}"
        raise UsageError(message, "run make build first")
    there = [sql.Identifier(*name.split(".")) for name in names if name not in absent]
    lock = sql.SQL("lock table {} in access share mode").format(sql.SQL(", ").join(there))
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        if there:
            connection.execute(lock)
        yield
