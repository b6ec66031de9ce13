"""A table of costs by two things, in cents, whose rows, columns and corner add up as shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

from loader.report.cents import exact_sum, split_cents, split_grid

UNALLOCATED = "unallocated"

_Row = TypeVar("_Row", bound="str | tuple[str, ...]")
_Key = TypeVar("_Key", bound="str | tuple[object, ...]")
_Column = TypeVar("_Column", bound="str | tuple[str, ...]")


@dataclass(frozen=True)
class CostTable(Generic[_Row, _Column]):
    """Cents by row and column; a cell without cost is missing from `cells`, not 0."""

    cells: Mapping[tuple[_Row, _Column], int]
    rows: Mapping[_Row, int]
    columns: Mapping[_Column, int]

    @property
    def total(self) -> int:
        """The whole, in cents: what the rows add up to, and the columns too."""
        return sum(self.rows.values())


def cost_table(
    amounts: Iterable[tuple[_Row, _Column, Decimal]],
    *,
    columns: Mapping[_Column, int] | None = None,
) -> CostTable[_Row, _Column]:
    """Return the table of the exact amounts, its total rounded once.

    Rows are split from the total; columns are as near to their exact sums as rows that add up
    allow. With `columns`, in cents, it is the other way round: they are taken as they are.
    """
    cells = totals(((row, column), amount) for row, column, amount in amounts)
    by_row = split_cents(totals((row, amount) for (row, _), amount in cells.items()))
    if columns is None:
        by_column = split_cents(totals((column, amount) for (_, column), amount in cells.items()))
        shown = split_grid(cells, by_row, by_column)
        return CostTable(
            shown, by_row, _sums((column, shown[row, column]) for row, column in shown)
        )
    turned = {(column, row): amount for (row, column), amount in cells.items()}
    back = split_grid(turned, columns, by_row)
    shown = {(row, column): cents for (column, row), cents in back.items()}
    return CostTable(shown, _sums((row, shown[row, column]) for row, column in shown), columns)


def _sums(cents: Iterable[tuple[_Key, int]]) -> dict[_Key, int]:
    sums: dict[_Key, int] = {}
    for key, amount in cents:
        sums[key] = sums.get(key, 0) + amount
    return sums


def totals(amounts: Iterable[tuple[_Key, Decimal]]) -> dict[_Key, Decimal]:
    """Return the exact sum of the amounts of each key."""
    sums: dict[_Key, Decimal] = {}
    for key, amount in amounts:
        sums[key] = exact_sum((sums.get(key, Decimal(0)), amount))
    return sums


def largest_first(cents: Mapping[_Key, int]) -> list[_Key]:
    """Return the keys by falling cents, `unallocated` after all the others."""
    return sorted(sorted(cents), key=lambda key: (key == UNALLOCATED, -cents[key]))


def shown_money(cents: int) -> str:
    """Return cents as an amount a person reads, such as 30,842.18 or -0.07."""
    units, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{units:,}.{rest:02}"


def text_table(table: CostTable[str, str], corner: str) -> str:
    """Return the table as text in columns, largest rows and columns first, totals last."""
    columns = largest_first(table.columns)
    lines = [[corner, *columns, "total"]]
    for row in largest_first(table.rows):
        cents = (table.cells.get((row, column)) for column in columns)
        amounts = ("-" if amount is None else shown_money(amount) for amount in cents)
        lines.append([row, *amounts, shown_money(table.rows[row])])
    feet = (shown_money(table.columns[column]) for column in columns)
    lines.append(["total", *feet, shown_money(table.total)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    head, *body, foot = (_line(cells, widths) for cells in lines)
    rule = "  ".join("-" * width for width in widths)
    return "\n".join((head, rule, *body, rule, foot))


def _line(cells: list[str], widths: list[int]) -> str:
    name, *amounts = zip(cells, widths, strict=True)
    return "  ".join((name[0].ljust(name[1]), *(cell.rjust(width) for cell, width in amounts)))
