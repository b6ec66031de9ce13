"""The report's charts and cross tables: cents by day and name, ready to be drawn or read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Generic, TypeVar

from loader.report.cost_table import UNALLOCATED, CostTable, cost_table, largest_first, totals
from loader.report.names import shown_day
from loader.report.records import Cost

# As many colours as people can tell apart in one chart; what comes after them is drawn as one.
COLOURS = 8
OTHER = "other"

_Row = TypeVar("_Row", bound="str | tuple[str, ...]")
_Key = TypeVar("_Key", bound="str | tuple[str, ...]")
_Column = TypeVar("_Column", bound="str | tuple[str, ...]")


@dataclass(frozen=True)
class GridRow:
    """A line of a cross table: cents by column, None where there was no cost."""

    name: str
    cells: tuple[int | None, ...]
    total: int


@dataclass(frozen=True)
class Grid:
    """A cross table that adds up both ways, in the order it is shown."""

    heads: tuple[str, ...]
    rows: tuple[GridRow, ...]
    feet: tuple[int, ...]
    total: int


@dataclass(frozen=True)
class Series:
    """What is stacked in one colour; `slot` is 1 to 8, other or unallocated."""

    name: str
    slot: str
    total: int
    cents: tuple[int, ...]


@dataclass(frozen=True)
class Dimension(Generic[_Key]):
    """What a chart is stacked by: the key of a cost, its name, and what the keys' totals show."""

    name: str
    key: Callable[[Cost], _Key]
    label: Callable[[_Key], str]
    whole: Mapping[_Key, int]


@dataclass(frozen=True)
class Chart:
    """Cost by day, stacked by team, source or service, and the same figures as a table."""

    dimension: str
    days: tuple[date, ...]
    series: tuple[Series, ...]
    grid: Grid

    @property
    def peak(self) -> tuple[date, int]:
        """The day that cost most, the earliest of equals, and its cents."""
        dearest = max(self.grid.rows, key=lambda row: row.total)
        return self.days[self.grid.rows.index(dearest)], dearest.total


def grid(
    table: CostTable[_Row, _Column],
    row_name: Callable[[_Row], str],
    column_name: Callable[[_Column], str],
    *,
    order: Sequence[_Row] = (),
) -> Grid:
    """Return the table with names, largest first; `order` gives the rows another order."""
    columns = largest_first(table.columns)
    return Grid(
        heads=tuple(column_name(column) for column in columns),
        rows=tuple(
            GridRow(
                row_name(row),
                tuple(table.cells.get((row, column)) for column in columns),
                table.rows.get(row, 0),
            )
            for row in order or largest_first(table.rows)
        ),
        feet=tuple(table.columns[column] for column in columns),
        total=table.total,
    )


def colour_slots(amounts: Mapping[_Key, Decimal]) -> dict[_Key, str]:
    """Return the colour of each key: the largest get one each, what nobody owns its own."""
    ranked = sorted(sorted(amounts), key=lambda key: (key == UNALLOCATED, -amounts[key]))
    own = [str(rank + 1) if rank < COLOURS else OTHER for rank in range(len(ranked))]
    slots = dict(zip(ranked, own, strict=True))
    return {key: UNALLOCATED if key == UNALLOCATED else slot for key, slot in slots.items()}


def chart(dimension: Dimension[_Key], costs: Sequence[Cost], every: Sequence[Cost]) -> Chart:
    """Return the chart of the costs; `every` are those of all months, which colours go by."""
    key = dimension.key
    slots = colour_slots(totals((key(cost), cost.effective_cost) for cost in every))
    amounts = ((f"{cost.usage_date}", key(cost), cost.effective_cost) for cost in costs)
    table = cost_table(amounts, columns=dimension.whole)
    days = _every_day([cost.usage_date for cost in costs])
    order = [f"{day}" for day in days]
    return Chart(
        dimension=dimension.name,
        days=days,
        series=_series(table, order, slots=slots, label=dimension.label),
        grid=grid(table, _day_name, dimension.label, order=order),
    )


def _series(
    table: CostTable[str, _Column],
    days: Sequence[str],
    *,
    slots: Mapping[_Column, str],
    label: Callable[[_Column], str],
) -> tuple[Series, ...]:
    """Return one series for each colour, the keys that share one added up."""
    shared = [key for key in table.columns if slots[key] == OTHER]
    alone = [key for key in largest_first(table.columns) if slots[key] not in (OTHER, UNALLOCATED)]
    last = [key for key in table.columns if slots[key] == UNALLOCATED]
    stacks = [
        *((label(key), slots[key], [key]) for key in alone),
        *([(f"{len(shared)} others", OTHER, shared)] if shared else []),
        *((label(key), slots[key], [key]) for key in last),
    ]
    return tuple(
        Series(
            name,
            slot,
            sum(table.columns[key] for key in keys),
            tuple(sum(table.cells.get((day, key), 0) for key in keys) for day in days),
        )
        for name, slot, keys in stacks
    )


def _every_day(days: Sequence[date]) -> tuple[date, ...]:
    first, last = min(days), max(days)
    return tuple(first + timedelta(days=offset) for offset in range((last - first).days + 1))


def _day_name(day: str) -> str:
    return shown_day(date.fromisoformat(day))
