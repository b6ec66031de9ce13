"""The mart's columns as the database has them: what each is in CSV, Parquet and the metadata.

The mart's contract is the only list of columns; nothing here names one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from psycopg import Connection, sql
from psycopg.rows import class_row

from loader.errors import UsageError

RELATION = "marts.focus_cost_and_usage"
_NUMERIC = re.compile(r"numeric\((\d+),(\d+)\)")
_TIME = "timestamp with time zone"
_COLUMNS = """
select attname as name, format_type(atttypid, atttypmod) as type
from pg_attribute
where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped
order by attnum
"""
# What spreadsheets run as a formula begins so, in the full-width forms too.
_FORMULA = "^[=+@\\t\\r\\n\uff1d\uff0b\uff20\uff0d-]"


@dataclass(frozen=True)
class Column:
    """A column of the mart and its type in PostgreSQL."""

    name: str
    type: str

    @property
    def decimal(self) -> tuple[int, int] | None:
        """Precision and scale of a number with decimals."""
        match = _NUMERIC.fullmatch(self.type)
        return (int(match[1]), int(match[2])) if match else None

    @property
    def is_time(self) -> bool:
        """Whether the column holds instants."""
        return self.type == _TIME

    @property
    def is_text(self) -> bool:
        """Whether the column holds text, JSON included."""
        return self.type in {"text", "jsonb"}

    @property
    def arrow_type(self) -> pa.DataType:
        """Type in Parquet: an exact decimal, an instant in UTC, a whole number, or text."""
        if self.decimal:
            return pa.decimal128(*self.decimal)
        if self.is_time:
            return pa.timestamp("us", tz="UTC")
        return pa.int64() if self.type == "bigint" else pa.string()

    def written(self, *, harmless: bool) -> sql.Composable:
        """Return the expression of the cell; `harmless` keeps spreadsheets from running text."""
        name = sql.Identifier(self.name)
        if self.is_time:
            form = """to_char({} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""
            return sql.SQL(form).format(name)
        if self.is_text and harmless:
            form = "case when {0}::text ~ {1} then '''' || {0}::text else {0}::text end"
            return sql.SQL(form).format(name, sql.Literal(_FORMULA))
        return name


def read_columns(connection: Connection[Any]) -> Sequence[Column]:
    """Return the mart's columns in order; raise `UsageError` when the mart was not built."""
    with connection.cursor(row_factory=class_row(Column)) as cursor:
        columns = cursor.execute(_COLUMNS, [RELATION]).fetchall()
    if not columns:
        message = f"the database has no {RELATION}"
        raise UsageError(message, "run make build first")
    return columns
