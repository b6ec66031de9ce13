"""Alerts of cost anomalies: a day that cost a team more or less with a source than days like it.

A day of a team, source and currency is one alert, however often the marts are built and however
its cost moves since, so that it is sent once.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

MART = "marts.rpt_cost_anomalies"
_ANOMALIES: LiteralString = """
select
    md5(
        row(
            'anomaly', anomalies.team, anomalies.source_name,
            to_char(anomalies.usage_date, 'YYYY-MM-DD'), anomalies.currency
        )::text
    )::uuid as alert_id,
    anomalies.team,
    coalesce(teams.team_name, anomalies.team) as team_name,
    anomalies.source_name,
    anomalies.usage_date,
    anomalies.currency,
    anomalies.effective_cost,
    anomalies.expected_cost,
    anomalies.lower_cost,
    anomalies.upper_cost,
    anomalies.reason
from marts.rpt_cost_anomalies as anomalies
left join marts.dim_teams as teams on anomalies.team = teams.team
where anomalies.is_anomaly
order by anomalies.usage_date, anomalies.team, anomalies.source_name, anomalies.currency
"""


@dataclass(frozen=True)
class AnomalyAlert:
    """A day's cost outside of the range expected, as the last build has it."""

    kind: ClassVar[str] = "anomalies"
    is_failure: ClassVar[bool] = False

    alert_id: UUID
    team: str
    team_name: str
    source_name: str
    usage_date: date
    currency: str
    effective_cost: Decimal
    expected_cost: Decimal
    lower_cost: Decimal
    upper_cost: Decimal
    reason: str

    @property
    def title(self) -> str:
        """One line, such as `Growth: an unusual cost of databricks on 2026-10-21`."""
        return f"{self.team_name}: an unusual cost of {self.source_name} on {self.usage_date}"

    @property
    def body(self) -> str:
        """What the day cost, what was expected, why it is told, and how to look into it."""
        question = f"{self.team} {self.usage_date} --source {self.source_name}"
        lowest, highest = f"{self.lower_cost:,.2f}", f"{self.upper_cost:,.2f}"
        return (
            f"Cost: {self.effective_cost:,.2f} {self.currency}, {self.reason}\n"
            f"Expected: {self.expected_cost:,.2f}, from {lowest} to {highest} {self.currency}\n"
            f"Look: loader explain {question}"
        )

    @property
    def order(self) -> tuple[date, Decimal]:
        """What makes one of a team newer, or more of news, than another."""
        return self.usage_date, abs(self.effective_cost - self.expected_cost)


def read_anomalies(connection: Connection) -> list[AnomalyAlert]:
    """Return every anomaly of the last build, the oldest first."""
    with connection.cursor(row_factory=class_row(AnomalyAlert)) as cursor:
        return cursor.execute(_ANOMALIES).fetchall()
