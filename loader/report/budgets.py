"""The report's budgets: what was spent of each, and how far that is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from loader.report.cents import exact_sum, to_cents
from loader.report.cost_table import CostTable
from loader.report.names import Names
from loader.report.records import Budget, Cost, ReportData, Team

_WHOLE = Decimal(100)


@dataclass(frozen=True)
class BudgetLine:
    """A budget in cents; `share` is exact, 1 when it is used up, None for a budget of nothing."""

    name: str
    currency: str
    first_day: date
    last_day: date
    amount: int
    spent: int
    share: Decimal | None
    thresholds: tuple[Decimal, ...]

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

    def is_whole(self, month: date) -> bool:
        """Whether the budget is for exactly the month."""
        return (self.first_day, self.last_day) == (month, _next_month(month) - timedelta(days=1))

    @property
    def is_over(self) -> bool:
        """Whether more was spent than planned."""
        return self.spent > self.amount


def budget_lines(
    data: ReportData, names: Names, month: date, tables: Mapping[str, CostTable[str, str]]
) -> tuple[BudgetLine, ...]:
    """Return the budgets that hold in the month, the most used first.

    `tables` has the month's shown costs by team and source, for each currency: a budget of exactly
    this month shows the cents its teams show there.
    """
    end = _next_month(month)
    lines = [
        BudgetLine(
            name=names.team(budget.team),
            currency=budget.currency,
            first_day=budget.period_start,
            last_day=budget.period_end - timedelta(days=1),
            amount=to_cents(budget.amount),
            spent=_spent(data, budget, tables if _is_month(budget, month) else {}),
            share=budget.effective_cost / budget.amount if budget.amount else None,
            thresholds=_thresholds(budget.thresholds),
        )
        for budget in data.budgets
        if budget.period_start < end and budget.period_end > month
    ]
    return tuple(sorted(lines, key=lambda line: (-(line.share or 0), line.name, line.currency)))


def _spent(data: ReportData, budget: Budget, tables: Mapping[str, CostTable[str, str]]) -> int:
    """Return the spent cents: those shown for the teams, when they are the same exact amount."""
    members = _with_teams_below(budget.team, data.teams)
    if budget.currency in tables and budget.effective_cost == exact_sum(
        cost.effective_cost for cost in data.costs if _counts(cost, budget, members)
    ):
        rows = tables[budget.currency].rows
        return sum(rows.get(team, 0) for team in members)
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


def _is_month(budget: Budget, month: date) -> bool:
    return (budget.period_start, budget.period_end) == (month, _next_month(month))


def _next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _thresholds(text: str | None) -> tuple[Decimal, ...]:
    """Return the percentages that can be read; what cannot is no reason for having no report."""
    marks = []
    for part in (text or "").split(";"):
        try:
            marks.append(Decimal(part.strip()))
        except InvalidOperation:
            continue
    return tuple(sorted(mark for mark in marks if mark.is_finite() and mark > 0))
