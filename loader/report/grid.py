"""The report's cross tables: cents by two names, in the order they are shown."""

from collections.abc import Callable
from dataclasses import dataclass

from loader.report.cost_table import CostTable, largest_first


@dataclass(frozen=True)
class GridRow:
    """A line of a cross table: cents by column, None where there was no cost."""

    name: str
    cells: tuple[int | None, ...]
    total: int


@dataclass(frozen=True)
class Grid:
    """A cross table that adds up both ways."""

    heads: tuple[str, ...]
    rows: tuple[GridRow, ...]
    feet: tuple[int, ...]
    total: int


def grid(
    table: CostTable[str, str], row_name: Callable[[str], str], column_name: Callable[[str], str]
) -> Grid:
    """Return the table with names, largest first."""
    columns = largest_first(table.columns)
    return Grid(
        heads=tuple(column_name(column) for column in columns),
        rows=tuple(
            GridRow(
                row_name(row),
                tuple(table.cells.get((row, column)) for column in columns),
                table.rows.get(row, 0),
            )
            for row in largest_first(table.rows)
        ),
        feet=tuple(table.columns[column] for column in columns),
        total=table.total,
    )
