"""What the report is made of, read from the marts and the ledger as of one moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, LiteralString, TypeVar

from psycopg import Connection
from psycopg import Error as PostgresError
from psycopg.rows import class_row, scalar_row

from loader.errors import DatabaseError, UsageError
from loader.report.cost_table import cost_table
from loader.report.records import (
    AccountCost,
    Budget,
    Cost,
    CostSummary,
    LoadedExport,
    ReportData,
    Team,
    UnallocatedCost,
    UnpricedUsage,
)

_Record = TypeVar("_Record")

RELATIONS = (
    "marts.rpt_costs_daily",
    "marts.fct_allocated_costs_daily",
    "marts.rpt_budget_status",
    "marts.rpt_unallocated_costs",
    "marts.rpt_unpriced_usage",
    "marts.dim_accounts",
    "marts.dim_teams",
    "loader.loads",
)

_COSTS: LiteralString = """
select usage_date, team, source_name, service_name, currency, effective_cost
from marts.rpt_costs_daily
order by usage_date, team, source_name, service_name, currency
"""

_ACCOUNTS: LiteralString = """
select
    costs.billing_period as month,
    costs.source_name,
    costs.account_key,
    accounts.account_name,
    costs.currency,
    sum(costs.effective_cost) as effective_cost
from marts.fct_allocated_costs_daily as costs
left join marts.dim_accounts as accounts
    on costs.source_name = accounts.source_name and costs.account_key = accounts.account_key
group by
    costs.billing_period, costs.source_name, costs.account_key, accounts.account_name,
    costs.currency
order by month, costs.source_name, costs.account_key, costs.currency
"""

_TEAMS: LiteralString = "select team, team_name, parent_team from marts.dim_teams order by team"

_BUDGETS: LiteralString = """
select team, period_start, period_end, amount, currency, thresholds, effective_cost
from marts.rpt_budget_status
order by period_start, period_end, currency, team
"""

_UNALLOCATED: LiteralString = """
select
    billing_period as month,
    source_name,
    account_key,
    service_name,
    resource_key,
    resource_name,
    currency,
    effective_cost,
    suggested_fix
from marts.rpt_unallocated_costs
order by month, effective_cost desc, source_name, account_key, service_name, resource_key, currency
"""

_UNPRICED: LiteralString = """
select
    billing_period as month,
    source_name,
    meter_id,
    quantity,
    unit,
    charges,
    first_used_at,
    last_used_at,
    suggested_fix
from marts.rpt_unpriced_usage
order by month, source_name, meter_id, unit
"""

_LOADS: LiteralString = """
select
    export,
    count(*) filter (where status = 'loaded') as files,
    coalesce(sum(rows_loaded) filter (where status = 'loaded'), 0)::bigint as rows_loaded,
    coalesce(sum(rows_rejected) filter (where status = 'loaded'), 0)::bigint as rows_rejected,
    count(*) filter (where status in ('replaced', 'withdrawn')) as files_set_aside,
    count(*) filter (where status = 'failed') as files_refused,
    max(finished_at) filter (where status = 'loaded') as newest_at
from loader.loads
group by export
order by export
"""

_MISSING: LiteralString = (
    "select name from unnest(%s::text[]) as name where to_regclass(name) is null"
)


def read_report_data(connection: Connection[Any]) -> ReportData:
    """Return all the report shows, as of one moment.

    The connection must not be inside a transaction. Raises `UsageError` when a mart is missing and
    `DatabaseError` when reading fails.
    """
    with snapshot(connection):
        return ReportData(
            costs=_read(connection, Cost, _COSTS),
            accounts=_read(connection, AccountCost, _ACCOUNTS),
            teams=_read(connection, Team, _TEAMS),
            budgets=_read(connection, Budget, _BUDGETS),
            unallocated=_read(connection, UnallocatedCost, _UNALLOCATED),
            unpriced=_read(connection, UnpricedUsage, _UNPRICED),
            loads=_read(connection, LoadedExport, _LOADS),
        )


def summary_table(connection: Connection[Any]) -> tuple[CostSummary, ...]:
    """Return the latest month's cost by team and source, one table for each currency.

    Printed, a summary is a table in cents that adds up. Empty while there are no costs. Takes the
    same connection, and raises the same errors, as `read_report_data`.
    """
    with snapshot(connection):
        costs = _read(connection, Cost, _COSTS)
    month = max((cost.month for cost in costs), default=date.min)
    latest = [cost for cost in costs if cost.month == month]
    tables = {
        currency: cost_table(
            (cost.team, cost.source_name, cost.effective_cost)
            for cost in latest
            if cost.currency == currency
        )
        for currency in sorted({cost.currency for cost in latest})
    }
    return tuple(CostSummary(month, currency, table) for currency, table in tables.items())


@contextmanager
def snapshot(connection: Connection[Any]) -> Iterator[None]:
    """Read from one moment of the database; a build that goes on meanwhile changes nothing."""
    try:
        with connection.transaction():
            connection.execute("set transaction isolation level repeatable read, read only")
            _require_relations(connection)
            yield
    except PostgresError as error:
        message = f"the marts cannot be read: {error.diag.message_primary} ({error.sqlstate})"
        raise DatabaseError(message, "run make build first") from None


def _require_relations(connection: Connection[Any]) -> None:
    with connection.cursor(row_factory=scalar_row) as cursor:
        missing = cursor.execute(_MISSING, [list(RELATIONS)]).fetchall()
    if missing:
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        message = f"the database has no {missing[0]}{others}"
        raise UsageError(message, "run make build first")


def _read(
    connection: Connection[Any], record: type[_Record], query: LiteralString
) -> tuple[_Record, ...]:
    with connection.cursor(row_factory=class_row(record)) as cursor:
        return tuple(cursor.execute(query).fetchall())
