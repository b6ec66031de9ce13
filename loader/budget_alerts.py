"""Alerts of budgets: thresholds that were reached, each once for a budget."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import ClassVar, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from loader.budget_share import in_percent
from loader.decimals import plain_number

MARTS = ("marts.fct_budget_alerts", "marts.rpt_budget_status")
_WHOLE = 100
_ALERTS: LiteralString = """
select
    alerts.alert_id,
    alerts.team,
    coalesce(teams.team_name, alerts.team) as team_name,
    alerts.period_start,
    alerts.period_end,
    alerts.amount,
    alerts.currency,
    alerts.threshold,
    alerts.crossed_on,
    alerts.crossed_at,
    status.effective_cost,
    status.forecast_cost
from marts.fct_budget_alerts as alerts
inner join marts.rpt_budget_status as status
    on alerts.team = status.team
    and alerts.period_start = status.period_start
    and alerts.currency = status.currency
left join marts.dim_teams as teams on alerts.team = teams.team
order by alerts.crossed_at, alerts.team, alerts.currency, alerts.threshold
"""


@dataclass(frozen=True)
class BudgetAlert:
    """A threshold of a budget that was reached; costs are those of the last build."""

    kind: ClassVar[str] = "budgets"

    alert_id: UUID
    team: str
    team_name: str
    period_start: date
    period_end: date
    amount: Decimal
    currency: str
    threshold: int
    crossed_on: date
    crossed_at: datetime
    effective_cost: Decimal
    forecast_cost: Decimal | None

    @property
    def title(self) -> str:
        """One line, such as `Growth: 80 % of the budget is spent`."""
        return f"{self.team_name}: {self.threshold} % of the budget is spent"

    @property
    def body(self) -> str:
        """What the budget is, what was spent and when, and what is expected."""
        last_day = self.period_end - timedelta(days=1)
        budget = f"{self._money(self.amount)} for the team and the teams below it"
        spent = f"{self._of_budget(self.effective_cost)}, {self.threshold} % on {self.crossed_on}"
        lines = [f"Budget from {self.period_start} to {last_day}: {budget}", f"Spent: {spent}"]
        if self.forecast_cost is not None and self.forecast_cost != self.effective_cost:
            lines.append(f"Expected by the end: {self._of_budget(self.forecast_cost)}")
        return "\n".join(lines)

    @property
    def is_failure(self) -> bool:
        """Whether the whole budget is spent."""
        return self.threshold >= _WHOLE

    @property
    def order(self) -> tuple[date, Decimal]:
        """What makes one of a team newer, or more of news, than another."""
        return self.period_start, Decimal(self.threshold)

    def _money(self, amount: Decimal) -> str:
        # Half a cent of a budget of one says nothing in cents.
        shown = f"{amount:,.2f}" if self.amount >= 1 else plain_number(amount, ",f")
        return f"{shown} {self.currency}"

    def _of_budget(self, cost: Decimal) -> str:
        return f"{self._money(cost)} ({in_percent(cost / self.amount)} %)"


def read_budgets(connection: Connection) -> list[BudgetAlert]:
    """Return every threshold that was reached as of the last build, the oldest first."""
    with connection.cursor(row_factory=class_row(BudgetAlert)) as cursor:
        return cursor.execute(_ALERTS).fetchall()
