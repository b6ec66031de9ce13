"""The report as it is shown: exact amounts turned into cents, shares and bars that agree.

The page's script adds up costs for whatever months, team and source are chosen; what is here is the
same for every choice, or is shown and hidden by it as whole rows. Every month and currency starts
from one rounded total, and teams, sources and resources are split from it, there and here alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from loader.report.budgets import BudgetLine, budget_lines
from loader.report.cents import split_cents
from loader.report.cost_table import UNALLOCATED, CostTable, cost_table, totals
from loader.report.cube import cost_cube
from loader.report.grid import Grid, grid
from loader.report.names import Names, names_of, resource_name
from loader.report.pools import PoolMonth, pool_months
from loader.report.records import Cost, ReportData, UnallocatedCost

Tables = Mapping[tuple[date, str], CostTable[str, str]]


@dataclass(frozen=True)
class Line:
    """A resource nobody owns, with its cents and the seed row that would give it an owner."""

    name: str
    detail: str
    cents: int
    fix: str


@dataclass(frozen=True)
class Group:
    """What nobody owns of a source in a month; its lines add up to its cents.

    `shared` is the part that rules for shared cost pass on to teams.
    """

    month: date
    source_name: str
    name: str
    currency: str
    cents: int
    shared: int
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class MonthTable:
    """A month's costs by team and source in one currency, for readers without the script."""

    month: date
    currency: str
    grid: Grid


@dataclass(frozen=True)
class PageView:
    """The page: what the script draws, and the rows of everything else."""

    months: tuple[date, ...]
    currencies: tuple[str, ...]
    names: Names
    cube: Mapping[str, object]
    tables: tuple[MonthTable, ...]
    budgets: tuple[BudgetLine, ...]
    unallocated: tuple[Group, ...]
    pools: tuple[PoolMonth, ...]
    data: ReportData

    @property
    def newest_load_at(self) -> datetime | None:
        """When the newest file was loaded."""
        return max((load.newest_at for load in self.data.loads if load.newest_at), default=None)

    @property
    def difference(self) -> int:
        """Rows of loads that are in no place or in two; 0 when every load balances."""
        return sum(load.difference for load in self.data.loads)


def page_view(data: ReportData) -> PageView:
    """Return what the page shows for the data; the same data gives the same view."""
    names = names_of(data)
    tables = _tables(data)
    months = {cost.month for cost in data.costs} | {usage.month for usage in data.unpriced}
    return PageView(
        months=tuple(sorted(months, reverse=True)),
        currencies=tuple(sorted({cost.currency for cost in data.costs})),
        names=names,
        cube=cost_cube(data, names),
        tables=tuple(
            MonthTable(month, currency, grid(table, names.team, names.source))
            for (month, currency), table in tables.items()
        ),
        budgets=budget_lines(data, names, tables),
        unallocated=_unallocated(data, names, tables),
        pools=pool_months(data.workers),
        data=data,
    )


def _tables(data: ReportData) -> Tables:
    """Return the table by team and source of every month, newest first, and currency."""
    costs: dict[tuple[date, str], list[Cost]] = {}
    for cost in data.costs:
        costs.setdefault((cost.month, cost.currency), []).append(cost)
    return {
        key: cost_table((cost.team, cost.source_name, cost.effective_cost) for cost in costs[key])
        for key in sorted(costs, key=lambda key: (-key[0].toordinal(), key[1]))
    }


def _unallocated(data: ReportData, names: Names, tables: Tables) -> tuple[Group, ...]:
    """Return what nobody owns by resource; it adds up to what the table by team shows."""
    rows: dict[tuple[date, str, str], list[UnallocatedCost]] = {}
    for row in data.unallocated:
        rows.setdefault((row.month, row.currency, row.source_name), []).append(row)
    exact = totals(
        (f"{cost.month} {cost.currency} {cost.source_name}", cost.effective_cost)
        for cost in data.costs
        if cost.team == UNALLOCATED
    )
    groups = []
    for (month, currency, source), inside in rows.items():
        found = totals((source, row.effective_cost) for row in inside)[source]
        agrees = exact.get(f"{month} {currency} {source}") == found
        left = tables[month, currency].cells.get((UNALLOCATED, source), 0)
        groups.append(_group(names, inside, left, is_whole=agrees))
    groups.sort(key=lambda group: (-group.month.toordinal(), -group.cents, group.name))
    return tuple(groups)


def _group(names: Names, rows: list[UnallocatedCost], left: int, *, is_whole: bool) -> Group:
    """Return the rows as a group, of which `left` cents, all if `is_whole`, are of no team."""
    amounts = {f"{n:09}": row.effective_cost for n, row in enumerate(rows)}
    cents = split_cents(amounts, left if is_whole else None)
    lines = [
        Line(resource_name(row), _where(row), cents[key], row.suggested_fix)
        for key, row in zip(amounts, rows, strict=True)
    ]
    lines.sort(key=lambda line: (-line.cents, line.name, line.detail))
    first = rows[0]
    whole = sum(line.cents for line in lines)
    return Group(
        first.month,
        first.source_name,
        names.source(first.source_name),
        first.currency,
        whole,
        max(whole - left, 0),
        tuple(lines),
    )


def _where(cost: UnallocatedCost) -> str:
    """Return the service and the resource's key, where the name does not say it already."""
    parts = (cost.service_name, cost.resource_key)
    return ", ".join(part for part in parts if part and part != resource_name(cost))
