"""The report's records: what one row of each mart, or of the ledger, says about cost."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from loader.report.cost_table import CostTable, text_table


@dataclass(frozen=True)
class Cost:
    """Effective cost of a team on a UTC day, by source and service."""

    usage_date: date
    team: str
    source_name: str
    service_name: str | None
    currency: str
    effective_cost: Decimal

    @property
    def month(self) -> date:
        """First day of the day's month."""
        return self.usage_date.replace(day=1)


@dataclass(frozen=True)
class AccountCost:
    """Effective cost of a vendor's account in a month; the name is None while nobody gave one."""

    month: date
    source_name: str
    account_key: str
    account_name: str | None
    currency: str
    effective_cost: Decimal


@dataclass(frozen=True)
class Team:
    """A team, its name to show and the team it is part of."""

    team: str
    team_name: str | None
    parent_team: str | None


@dataclass(frozen=True)
class Budget:
    """A budget for [period_start, period_end) and what its team and those below it have spent.

    `thresholds` are percentages with a semicolon between them, as the seed has them.
    """

    team: str
    period_start: date
    period_end: date
    amount: Decimal
    currency: str
    thresholds: str | None
    effective_cost: Decimal


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
class LoadedExport:
    """What the ledger says of one export: the loads that count, and how many do not."""

    export: str
    files: int
    rows_loaded: int
    rows_rejected: int
    files_set_aside: int
    files_refused: int
    newest_at: datetime | None


@dataclass(frozen=True)
class ReportData:
    """Everything the page shows: exact amounts, always in the same order."""

    costs: tuple[Cost, ...] = ()
    accounts: tuple[AccountCost, ...] = ()
    teams: tuple[Team, ...] = ()
    budgets: tuple[Budget, ...] = ()
    unallocated: tuple[UnallocatedCost, ...] = ()
    unpriced: tuple[UnpricedUsage, ...] = ()
    loads: tuple[LoadedExport, ...] = ()


@dataclass(frozen=True)
class CostSummary:
    """Cost of a month by team and source in one currency; as text, a table for a terminal."""

    month: date
    currency: str
    table: CostTable[str, str]

    def __str__(self) -> str:
        """Return the table in columns, the month and the currency in its corner."""
        return text_table(self.table, f"{self.month:%Y-%m} {self.currency}")
