"""The report's budgets: what was spent of each, and how far that is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from loader.months import next_month
from loader.report.cents import exact_sum, to_cents
from loader.report.cost_table import CostTable
from loader.report.names import Names
from loader.report.records import Budget, Cost, ReportData, Team

_WHOLE = Decimal(100)


@dataclass(frozen=True)
class BudgetLine:
    """A budget in cents; `share` is exact, 1 when it is used up, None for a budget of nothing."""

    team: str
    name: str
    currency: str
    first_day: date
    last_day: date
    amount: int
    spent: int
    share: Decimal | None
    thresholds: tuple[Decimal, ...]
    forecast: int | None = None
    forecast_share: Decimal | None = None
    reached: tuple[tuple[int, date], ...] = ()

    @property
    def months(self) -> tuple[date, ...]:
        """First days of the months the budget holds in."""
        months = [self.first_day.replace(day=1)]
        while (month := next_month(months[-1])) <= self.last_day:
            months.append(month)
        return tuple(months)

    @property
    def is_for_a_month(self) -> bool:
        """Whether the budget is for exactly one month."""
        month = self.first_day.replace(day=1)
        whole = (month, next_month(month) - timedelta(days=1))
        return (self.first_day, self.last_day) == whole

    @property
    def is_expected_over(self) -> bool:
        """Whether more is expected than planned, though it is not spent yet."""
        return not self.is_over and (self.forecast_share or 0) > 1

    @property
    def passed(self) -> Decimal | None:
        """The highest threshold, in percent, that the share has reached."""
        share = (self.share or Decimal(0)) * _WHOLE
        return max((mark for mark in self.thresholds if mark <= share), default=None)

    @property
    def is_near(self) -> bool:
        """Whether the last threshold before the whole budget, if there is one, has been passed."""
        below = [mark for mark in self.thresholds if mark < _WHOLE]
        return bool(below) and (self.passed or 0) >= below[-1]

    @property
    def is_over(self) -> bool:
        """Whether more was spent than planned, be it less than a cent."""
        return self.spent > self.amount if self.share is None else self.share > 1


def budget_lines(
    data: ReportData, names: Names, tables: Mapping[tuple[date, str], CostTable[str, str]]
) -> tuple[BudgetLine, ...]:
    """Return all budgets, the newest first and of these the most used.

    `tables` has the shown costs by team and source of each month and currency: a budget of exactly
    a month shows the cents its teams show there.
    """
    lines = [_line(data, names, budget, tables) for budget in data.budgets]
    lines.sort(key=lambda line: (-(line.share or 0), line.name, line.currency))
    return tuple(sorted(lines, key=lambda line: line.first_day, reverse=True))


def _line(
    data: ReportData,
    names: Names,
    budget: Budget,
    tables: Mapping[tuple[date, str], CostTable[str, str]],
) -> BudgetLine:
    amount, forecast = budget.amount, budget.forecast_cost
    spent = _spent(data, budget, tables)
    return BudgetLine(
        team=budget.team,
        name=names.team(budget.team),
        currency=budget.currency,
        first_day=budget.period_start,
        last_day=budget.period_end - timedelta(days=1),
        amount=to_cents(amount),
        spent=spent,
        share=budget.effective_cost / amount if amount else None,
        thresholds=_thresholds(budget.thresholds),
        forecast=_expected(budget, spent),
        forecast_share=forecast / amount if amount and forecast is not None else None,
        reached=tuple(
            (alert.threshold, alert.crossed_on)
            for alert in data.alerts
            if (alert.team, alert.period_start, alert.currency)
            == (budget.team, budget.period_start, budget.currency)
        ),
    )


def _expected(budget: Budget, spent: int) -> int | None:
    """Return the expected cents: those spent, when nothing more is expected."""
    if budget.forecast_cost is None:
        return None
    return (
        spent if budget.forecast_cost == budget.effective_cost else to_cents(budget.forecast_cost)
    )


def _spent(
    data: ReportData, budget: Budget, tables: Mapping[tuple[date, str], CostTable[str, str]]
) -> int:
    """Return the spent cents: those shown for the teams, when they are the same exact amount."""
    members = _with_teams_below(budget.team, data.teams)
    table = tables.get((budget.period_start, budget.currency)) if _is_month(budget) else None
    if table and budget.effective_cost == exact_sum(
        cost.effective_cost for cost in data.costs if _counts(cost, budget, members)
    ):
        return sum(table.rows.get(team, 0) for team in members)
    return to_cents(budget.effective_cost)


def _counts(cost: Cost, budget: Budget, members: set[str]) -> bool:
    return (
        cost.team in members
        and cost.currency == budget.currency
        and budget.period_start <= cost.usage_date < budget.period_end
    )


def _with_teams_below(team: str, teams: Iterable[Team]) -> set[str]:
    children = {(child.parent_team, child.team) for child in teams}
    members: set[str] = set()
    found = {team}
    while found:
        members |= found
        found = {child for parent, child in children if parent in found} - members
    return members


def _is_month(budget: Budget) -> bool:
    start = budget.period_start
    return (start, budget.period_end) == (start.replace(day=1), next_month(start))


def _thresholds(text: str | None) -> tuple[Decimal, ...]:
    """Return the percentages that can be read; what cannot is no reason for having no report."""
    marks = []
    for part in (text or "").split(";"):
        try:
            marks.append(Decimal(part.strip()))
        except InvalidOperation:
            continue
    return tuple(sorted(mark for mark in marks if mark.is_finite() and mark > 0))
