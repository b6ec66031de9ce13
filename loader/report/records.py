"""The report's records: what one row of each mart says about cost."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from loader.report.cost_table import CostTable, text_table
from loader.report.trust import Freshness, LoadedExport, Restatement


@dataclass(frozen=True)
class Cost:
    """Effective cost of a team on a UTC day, by source, service and account.

    `is_shared` says that it reached the team as a share of a pool.
    """

    usage_date: date
    team: str
    source_name: str
    service_name: str | None
    currency: str
    effective_cost: Decimal
    account_key: str = ""
    is_shared: bool = False

    @property
    def month(self) -> date:
        """First day of the day's month."""
        return self.usage_date.replace(day=1)


@dataclass(frozen=True)
class Account:
    """A vendor's account; the name is None while nobody gave one."""

    source_name: str
    account_key: str
    account_name: str | None


@dataclass(frozen=True)
class Team:
    """A team, its name to show and the team it is part of."""

    team: str
    team_name: str | None
    parent_team: str | None


@dataclass(frozen=True)
class Budget:
    """A budget for [period_start, period_end) and what its team and those below it have spent.

    `thresholds` are percentages with a semicolon between them, as the seed has them;
    `forecast_cost` is what is expected by the end, None where nothing is forecast so far.
    """

    team: str
    period_start: date
    period_end: date
    amount: Decimal
    currency: str
    thresholds: str | None
    effective_cost: Decimal
    forecast_cost: Decimal | None = None


@dataclass(frozen=True)
class BudgetAlert:
    """A threshold of a budget, in percent, and the UTC day on which it was reached."""

    team: str
    period_start: date
    currency: str
    threshold: int
    crossed_on: date


@dataclass(frozen=True)
class Anomaly:
    """A team's day with a source that cost more or less than days like it."""

    usage_date: date
    team: str
    source_name: str
    currency: str
    effective_cost: Decimal
    expected_cost: Decimal
    lower_cost: Decimal
    upper_cost: Decimal
    reason: str | None


@dataclass(frozen=True)
class ForecastDay:
    """What a team is expected to cost with a source on a day; None where too little is known."""

    usage_date: date
    team: str
    source_name: str
    currency: str
    known_cost: Decimal | None
    forecast_cost: Decimal | None
    lower_cost: Decimal | None
    upper_cost: Decimal | None


@dataclass(frozen=True)
class WorkerDay:
    """A worker pool's UTC day in minutes; `worker_pool` is None for a charge without any worker."""

    usage_date: date
    account_key: str
    worker_pool: str | None
    most_workers: Decimal
    capacity_minutes: Decimal
    busy_minutes: Decimal
    waiting_minutes: Decimal
    currency: str | None
    effective_cost: Decimal | None
    idle_cost: Decimal | None


@dataclass(frozen=True)
class StatementLine:
    """A line of a month's statement, in cents; corrections name the month they belong to."""

    month: date
    team: str
    source_name: str
    corrects_period: date | None
    currency: str
    amount: Decimal
    is_closed: bool


@dataclass(frozen=True)
class UnallocatedCost:
    """Cost of a resource in a month that no rule gives to a team, and the seed row that would."""

    month: date
    source_name: str
    account_key: str
    service_name: str | None
    resource_key: str | None
    resource_name: str | None
    currency: str
    effective_cost: Decimal
    suggested_fix: str


@dataclass(frozen=True)
class UnpricedUsage:
    """Usage of a meter in a month without a price, and the seed row that would give it one."""

    month: date
    source_name: str
    meter_id: str
    quantity: Decimal
    unit: str
    charges: int
    first_used_at: datetime
    last_used_at: datetime
    suggested_fix: str


@dataclass(frozen=True)
class ReportData:
    """Everything the page shows: exact amounts, always in the same order."""

    costs: tuple[Cost, ...] = ()
    accounts: tuple[Account, ...] = ()
    teams: tuple[Team, ...] = ()
    budgets: tuple[Budget, ...] = ()
    alerts: tuple[BudgetAlert, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()
    forecast: tuple[ForecastDay, ...] = ()
    unallocated: tuple[UnallocatedCost, ...] = ()
    unpriced: tuple[UnpricedUsage, ...] = ()
    workers: tuple[WorkerDay, ...] = ()
    statement: tuple[StatementLine, ...] = ()
    restatements: tuple[Restatement, ...] = ()
    freshness: tuple[Freshness, ...] = ()
    loads: tuple[LoadedExport, ...] = ()
    newest_load_id: int = 0
    since_load_id: int = 0


@dataclass(frozen=True)
class CostSummary:
    """Cost of a month by team and source in one currency; as text, a table for a terminal."""

    month: date
    currency: str
    table: CostTable[str, str]

    def __str__(self) -> str:
        """Return the table in columns, the month and the currency in its corner."""
        return text_table(self.table, f"{self.month:%Y-%m} {self.currency}")
