"""Which tables and views, of those a command needs, the database has."""

from typing import Any

from psycopg import Connection
from psycopg.rows import scalar_row

_MISSING = """
    select name from unnest(%s::text[]) with ordinality as names (name, number)
    where to_regclass(name) is null order by number
"""


def missing(connection: Connection[Any], *relations: str) -> list[str]:
    """Return those of the relations, with their schemas, that there are not, in their order."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(_MISSING, [list(relations)]).fetchall()


def exists(connection: Connection[Any], relation: str) -> bool:
    """Say whether there is such a relation."""
    return not missing(connection, relation)
