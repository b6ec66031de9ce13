"""The report as it is shown: exact amounts turned into cents, shares and bars that agree.

Every month and currency starts from one rounded total. Teams and sources are split from it, days
too; services and accounts are split from the shown total of their source. So any two places of
the page that show the same thing show the same cents.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from loader.report.budgets import BudgetLine, budget_lines
from loader.report.cents import split_cents
from loader.report.charts import Chart, Dimension, Grid, chart, grid
from loader.report.cost_table import UNALLOCATED, CostTable, cost_table, totals
from loader.report.names import Names, account_name, names_of, resource_name
from loader.report.records import Cost, LoadedExport, ReportData, UnallocatedCost, UnpricedUsage

Service = tuple[str, str]


@dataclass(frozen=True)
class Line:
    """A service, an account or a resource, with its cents."""

    name: str
    detail: str
    cents: int
    fix: str = ""


@dataclass(frozen=True)
class Group:
    """A source with its lines; they add up to its cents."""

    name: str
    cents: int
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class CurrencyView:
    """A month's costs in one currency."""

    currency: str
    first_day: date
    last_day: date
    total: int
    unallocated: int
    charts: tuple[Chart, ...]
    matrix: Grid
    services: tuple[Group, ...]
    accounts: tuple[Group, ...]
    unallocated_groups: tuple[Group, ...]

    @property
    def allocated(self) -> int:
        """Cents that some team owns."""
        return self.total - self.unallocated


@dataclass(frozen=True)
class MonthView:
    """A month: a view for each of its currencies, its budgets and its unpriced usage."""

    month: date
    currencies: tuple[CurrencyView, ...]
    budgets: tuple[BudgetLine, ...]
    unpriced: tuple[UnpricedUsage, ...]


@dataclass(frozen=True)
class PageView:
    """The page: months newest first, then what was loaded."""

    months: tuple[MonthView, ...]
    loads: tuple[LoadedExport, ...]
    newest_load_at: datetime | None


def page_view(data: ReportData) -> PageView:
    """Return what the page shows for the data; the same data gives the same view."""
    months = {cost.month for cost in data.costs} | {usage.month for usage in data.unpriced}
    newest = max((load.newest_at for load in data.loads if load.newest_at), default=None)
    names = names_of(data)
    views = tuple(_month_view(data, names, month) for month in sorted(months, reverse=True))
    return PageView(views, data.loads, newest)


def _month_view(data: ReportData, names: Names, month: date) -> MonthView:
    costs = [cost for cost in data.costs if cost.month == month]
    tables = {
        currency: cost_table(
            (cost.team, cost.source_name, cost.effective_cost)
            for cost in costs
            if cost.currency == currency
        )
        for currency in sorted({cost.currency for cost in costs})
    }
    return MonthView(
        month,
        tuple(
            _currency_view(data, names, table, of=(month, currency))
            for currency, table in tables.items()
        ),
        budget_lines(data, names, month, tables),
        tuple(usage for usage in data.unpriced if usage.month == month),
    )


def _currency_view(
    data: ReportData, names: Names, table: CostTable[str, str], *, of: tuple[date, str]
) -> CurrencyView:
    """Return the view of a month and currency whose costs by team and source are the table."""
    costs = [cost for cost in data.costs if (cost.month, cost.currency) == of]
    days = [cost.usage_date for cost in costs]
    services = _split_by_source(
        totals((_service(cost), cost.effective_cost) for cost in costs), table.columns
    )
    lines = ((key[0], Line(names.service(key), "", cents)) for key, cents in services.items())
    return CurrencyView(
        currency=of[1],
        first_day=min(days),
        last_day=max(days),
        total=table.total,
        unallocated=table.rows.get(UNALLOCATED, 0),
        charts=_charts(data, names, costs, table=table, services=services),
        matrix=grid(table, names.team, names.source),
        services=_groups(names, lines),
        accounts=_account_groups(data, names, table, of=of),
        unallocated_groups=_unallocated_groups(data, names, table, of=of),
    )


def _charts(
    data: ReportData,
    names: Names,
    costs: Sequence[Cost],
    *,
    table: CostTable[str, str],
    services: Mapping[Service, int],
) -> tuple[Chart, ...]:
    every = [cost for cost in data.costs if cost.currency == costs[0].currency]
    by_team = Dimension("team", lambda cost: cost.team, names.team, table.rows)
    by_source = Dimension("source", lambda cost: cost.source_name, names.source, table.columns)
    by_service = Dimension("service", _service, names.service, services)
    return (
        chart(by_team, costs, every),
        chart(by_source, costs, every),
        chart(by_service, costs, every),
    )


def _service(cost: Cost) -> Service:
    return cost.source_name, cost.service_name or ""


def _account_groups(
    data: ReportData, names: Names, table: CostTable[str, str], *, of: tuple[date, str]
) -> tuple[Group, ...]:
    accounts = {
        (row.source_name, row.account_key): row
        for row in data.accounts
        if (row.month, row.currency) == of
    }
    amounts = {key: row.effective_cost for key, row in accounts.items()}
    cents = _split_by_source(amounts, table.columns)
    lines = (
        (key[0], Line(account_name(row), row.account_key, cents[key]))
        for key, row in accounts.items()
    )
    return _groups(names, lines)


def _unallocated_groups(
    data: ReportData, names: Names, table: CostTable[str, str], *, of: tuple[date, str]
) -> tuple[Group, ...]:
    """Return what nobody owns by resource; it adds up to what the table by team shows."""
    rows = [row for row in data.unallocated if (row.month, row.currency) == of]
    resources = {(row.source_name, f"{number:09}"): row for number, row in enumerate(rows)}
    exact = totals(
        (cost.source_name, cost.effective_cost)
        for cost in data.costs
        if (cost.month, cost.currency, cost.team) == (*of, UNALLOCATED)
    )
    found = totals((row.source_name, row.effective_cost) for row in rows)
    shown = {
        source: table.cells[UNALLOCATED, source]
        for source, amount in exact.items()
        if amount == found.get(source)
    }
    amounts = {key: row.effective_cost for key, row in resources.items()}
    cents = _split_by_source(amounts, shown)
    lines = (
        (row.source_name, Line(resource_name(row), _where(row), cents[key], row.suggested_fix))
        for key, row in resources.items()
    )
    return _groups(names, lines)


def _where(cost: UnallocatedCost) -> str:
    """Return the service and the resource's key, where the name does not say it already."""
    parts = (cost.service_name, cost.resource_key)
    return ", ".join(part for part in parts if part and part != resource_name(cost))


def _split_by_source(
    amounts: Mapping[tuple[str, str], Decimal], shown: Mapping[str, int]
) -> dict[tuple[str, str], int]:
    """Split the shown cents of each source among its parts; a source not in it by its own sum."""
    cents: dict[tuple[str, str], int] = {}
    for source in {source for source, _ in amounts}:
        parts = {key: amount for key, amount in amounts.items() if key[0] == source}
        cents |= split_cents(parts, shown.get(source))
    return cents


def _groups(names: Names, lines: Iterable[tuple[str, Line]]) -> tuple[Group, ...]:
    """Return the lines by source, sources and lines with the largest first."""
    by_source: dict[str, list[Line]] = {}
    for source, line in lines:
        by_source.setdefault(source, []).append(line)
    groups = (
        Group(
            names.source(source),
            sum(line.cents for line in inside),
            tuple(sorted(inside, key=lambda line: (-line.cents, line.name, line.detail))),
        )
        for source, inside in by_source.items()
    )
    return tuple(sorted(groups, key=lambda group: (-group.cents, group.name)))
