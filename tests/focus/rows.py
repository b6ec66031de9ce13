"""Rows of the mart in files the gates read: slices of the whole, and single rows changed in SQL."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
from mutations import Change
from psycopg import Connection, sql
from psycopg.rows import tuple_row
from pyarrow import parquet

from loader.focus.columns import RELATION, Column

# One row of each is what the official rules are exact for: on a file of many rows an allowed value
# anywhere makes every value pass.
COMBINATION = (
    *("ChargeCategory", "ChargeClass", "ChargeFrequency"),
    *("PricingCategory", "ServiceCategory", "ServiceSubcategory"),
)


class Rows:
    """The mart's rows, and a copy of them, not-null constraints included, that may be spoiled."""

    def __init__(
        self, connection: Connection[Any], columns: Sequence[Column], folder: Path
    ) -> None:
        self.connection = connection
        self.columns = columns
        self.folder = folder
        connection.execute(f"create temp table mutated (like {RELATION} including constraints)")
        connection.execute(f"insert into mutated select * from {RELATION}")
        connection.execute("analyze mutated")

    def read(self, condition: str, relation: str = RELATION) -> pa.Table:
        names = sql.SQL(", ").join(
            sql.SQL("{}::text" if column.type in {"jsonb", "uuid"} else "{}").format(
                sql.Identifier(column.name)
            )
            for column in self.columns
        )
        query = sql.SQL("select {} from {} where {}").format(
            names, sql.SQL(relation), sql.SQL(condition)
        )
        with self.connection.cursor(row_factory=tuple_row) as cursor:
            values = list(zip(*cursor.execute(query).fetchall(), strict=True))
        return pa.table(
            {
                column.name: pa.array(cells, type=column.arrow_type)
                for column, cells in zip(self.columns, values, strict=True)
            }
        )

    def sources(self) -> list[str]:
        query = f'select distinct "x_SourceName" from {RELATION} order by 1'
        return [row[0] for row in self.connection.execute(query).fetchall()]

    def representatives(self) -> pa.Table:
        names = ", ".join(f'"{name}"' for name in COMBINATION)
        chosen = f'select distinct on ({names}) ctid from {RELATION} order by {names}, "x_ChargeId"'
        return self.read(f"ctid = any(array({chosen}))")

    def row_of(self, condition: str) -> str:
        """Return a condition that only the first row has for which the given one holds."""
        query = f'select min("x_ChargeId"::text) from {RELATION} where {condition}'
        found = self.connection.execute(query).fetchone()
        if not found or not found[0]:
            message = f"the mart has no row for which this holds: {condition}"
            raise SystemExit(message)
        return f"\"x_ChargeId\" = '{found[0]}' and {condition}"

    @contextmanager
    def changed(self, change: Change) -> Iterator[pa.Table | None]:
        """Yield the row as changed, none where the contract refuses it; undo it afterwards."""
        row = self.row_of(change.row)
        default = f"update mutated set {change.assignments} where {row}"
        statement = change.statement.format(row=row) or (default if change.assignments else "")
        with self.connection.transaction(force_rollback=True):
            if statement:
                before = self.read(row, "mutated")
                try:
                    with self.connection.transaction():
                        self.connection.execute(statement)
                except psycopg.errors.NotNullViolation:
                    yield None
                    return
                charge = before["x_ChargeId"][0].as_py()
                kept = f"\"x_ChargeId\" = '{charge}'"
                table = self.read(kept, "mutated") if change.assignments else before
            else:
                table = self.read(row)
            if change.renamed:
                old, new = change.renamed
                table = table.rename_columns(
                    [new if name == old else name for name in table.column_names]
                )
            yield table

    def write(self, name: str, table: pa.Table) -> Mapping[str, str]:
        """Write a table as Parquet and as CSV; return both paths by ending."""
        stem = self.folder / name.replace(" ", "-").replace("/", "-")
        parquet.write_table(table, f"{stem}.parquet")
        with Path(f"{stem}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(table.column_names)
            writer.writerows([_cell(value) for value in row.values()] for row in table.to_pylist())
        return {"parquet": f"{stem}.parquet", "csv": f"{stem}.csv"}


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if hasattr(value, "strftime") else str(value)
