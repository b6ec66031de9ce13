"""What the report is made of, read from the marts and the ledger as of one moment."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, LiteralString, TypeVar

from psycopg import Connection
from psycopg import Error as PostgresError
from psycopg.rows import class_row, scalar_row

from loader.errors import DatabaseError
from loader.one_moment import one_moment
from loader.report import queries
from loader.report.cost_table import cost_table
from loader.report.records import (
    Account,
    Anomaly,
    Budget,
    BudgetAlert,
    Cost,
    CostSummary,
    ForecastDay,
    ReportData,
    StatementLine,
    Team,
    UnallocatedCost,
    UnpricedUsage,
    WorkerDay,
)
from loader.report.trust import NO_PAGE, Freshness, LastPage, LoadedExport, Restatement

_Record = TypeVar("_Record")


def read_report_data(connection: Connection[Any], last_page: LastPage = NO_PAGE) -> ReportData:
    """Return all the report shows, as of one moment; restatements are those since the last page.

    The connection must not be inside a transaction. Raises `UsageError` when a mart is missing and
    `DatabaseError` when reading fails.
    """
    with snapshot(connection):
        newest = _newest_load_id(connection)
        since = last_page.since(newest)
        return ReportData(
            costs=_read(connection, Cost, queries.COSTS),
            accounts=_read(connection, Account, queries.ACCOUNTS),
            teams=_read(connection, Team, queries.TEAMS),
            budgets=_read(connection, Budget, queries.BUDGETS),
            alerts=_read(connection, BudgetAlert, queries.ALERTS),
            anomalies=_read(connection, Anomaly, queries.ANOMALIES),
            forecast=_read(connection, ForecastDay, queries.FORECAST),
            unallocated=_read(connection, UnallocatedCost, queries.UNALLOCATED),
            unpriced=_read(connection, UnpricedUsage, queries.UNPRICED),
            workers=_read(connection, WorkerDay, queries.WORKERS),
            statement=_read(connection, StatementLine, queries.STATEMENT),
            restatements=_read(connection, Restatement, queries.RESTATEMENTS, [since]),
            freshness=_read(connection, Freshness, queries.FRESHNESS),
            loads=_read(connection, LoadedExport, queries.LOADS),
            newest_load_id=newest,
            since_load_id=since,
        )


def _newest_load_id(connection: Connection[Any]) -> int:
    with connection.cursor(row_factory=scalar_row) as cursor:
        return int(cursor.execute(queries.NEWEST_LOAD).fetchone() or 0)


def summary_table(connection: Connection[Any]) -> tuple[CostSummary, ...]:
    """Return the latest month's cost by team and source, one table for each currency.

    Printed, a summary is a table in cents that adds up. Empty while there are no costs. Takes the
    same connection, and raises the same errors, as `read_report_data`.
    """
    with snapshot(connection):
        costs = _read(connection, Cost, queries.COSTS_DAILY)
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
        with one_moment(connection, queries.RELATIONS):
            yield
    except PostgresError as error:
        message = f"the marts cannot be read: {error.diag.message_primary} ({error.sqlstate})"
        raise DatabaseError(message, "run make build first") from None


def _read(
    connection: Connection[Any],
    record: type[_Record],
    query: LiteralString,
    parameters: Sequence[object] = (),
) -> tuple[_Record, ...]:
    with connection.cursor(row_factory=class_row(record)) as cursor:
        return tuple(cursor.execute(query, parameters).fetchall())
