"""Rows of the database as facts: read by column name, and masked before they are shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import dict_row

from loader.personal_data import masked

Row = dict[str, Any]
Parameters = Sequence[object] | Mapping[str, object]


def read(
    connection: Connection[Any], query: str | sql.SQL | sql.Composed, parameters: Parameters
) -> list[Row]:
    """Return the rows of a query."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, parameters).fetchall()


def shown(value: Any) -> Any:  # noqa: ANN401  # whatever a column holds
    """Return a value, or all values in it, with a mask in the place of e-mail addresses."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, list):
        return [shown(item) for item in value]
    if isinstance(value, dict):
        return {masked(key): shown(item) for key, item in value.items()}
    return value
