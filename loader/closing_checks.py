"""What stands in the way of closing a month; each check raises `DataRefusedError` for one thing."""

from datetime import UTC, date, datetime

from psycopg import Connection

from loader.building import current_seeds
from loader.errors import DataRefusedError
from loader.months import next_month, word
from loader.problems import counted
from loader.project import Project

_OPEN_BEFORE = """
    select min(billing_period) from marts.rpt_chargeback_monthly
    where not is_closed and billing_period < %s
"""
_LOOKED_AT = "select min(as_of_at) from marts.rpt_source_completeness"
_INCOMPLETE = """
    select
        export_name, account_key,
        sum(hours_missing)::bigint, sum(hours_late)::bigint, sum(hours_not_due)::bigint
    from marts.rpt_source_completeness
    where usage_date >= %s and usage_date < %s
    group by export_name, account_key
    having sum(hours_missing + hours_late + hours_not_due) > 0
    order by export_name collate "C", account_key collate "C"
"""
_CHANGED = """
    with

    frozen as (
        select team, source_name, currency, effective_cost
        from loader.closed_statements
        where closing_id = %s and corrects_period is null
    ),

    today as (
        select team, source_name, currency, sum(effective_cost) as effective_cost
        from marts.rpt_costs_monthly
        where billing_period = %s
        group by team, source_name, currency
    )

    select count(*)
    from frozen
    full join today using (team, source_name, currency)
    where coalesce(frozen.effective_cost, 0) != coalesce(today.effective_cost, 0)
"""
_SINCE_BUILT = """
    select
        fingerprint = 'unfinished', started_at at time zone 'UTC',
        (
            select count(*) from loader.loads
            where loads.status = 'loaded' and loads.finished_at > builds.started_at
        ),
        (
            select count(*) from loader.closed_months as months
            where greatest(months.closed_at, months.reopened_at) > builds.started_at
        )
    from loader.builds
    where schema_prefix = ''
    order by build_id desc
    limit 1
"""
_SHOWN = 10


def last_closed(connection: Connection) -> date | None:
    """Return the newest closed month."""
    row = connection.execute(
        "select max(billing_period) from loader.closed_months where reopened_at is null"
    ).fetchone()
    return None if row is None else row[0]


def refuse_unfinished(month: date, as_of: datetime) -> None:
    """Refuse a month that has not ended, in UTC."""
    if as_of < _end(month):
        message = f"{word(month)} is not over until {next_month(month)} 00:00 UTC"
        raise DataRefusedError(message, "nothing was closed")


def refuse_changed(connection: Connection, closing_id: int, month: date) -> None:
    """Refuse to pass over a closed month that came to something else in the last build."""
    row = connection.execute(_CHANGED, [closing_id, month]).fetchone()
    if row is not None and row[0]:
        newest = last_closed(connection) or month
        message = f"{word(month)} is closed; {row[0]} of its lines come to something else since"
        raise DataRefusedError(
            message,
            f"the statement stays; the difference is Correction up to {word(next_month(newest))}",
            f"to close it anew while it is the newest: loader close --reopen {word(month)}",
        )


def refuse_stale(connection: Connection, project: Project) -> None:
    """Refuse marts that are not of the loads, closed months, models and seeds there are."""
    if current_seeds(connection, project) is None:
        message = "the marts are not up to date with loads, closed months, seeds and models"
        raise DataRefusedError(message, _why_stale(connection), "run make build, then ask again")


def _why_stale(connection: Connection) -> str:
    """Say what came between the last build and now, as far as the database knows."""
    row = connection.execute(_SINCE_BUILT).fetchone()
    if row is None:
        return "nothing was built yet"
    is_unfinished, started, loads, closings = row
    built = f"the build of {started:%Y-%m-%d %H:%M} UTC"
    if is_unfinished:
        return f"{built} did not pass, or was of a part of the project"
    changes = [
        f"{counted(loads, 'load')} ended" if loads else "",
        f"{counted(closings, 'month')} closed or reopened" if closings else "",
    ]
    known = " and ".join(filter(None, changes))
    return f"after {built}: {known or 'seeds, models or tests changed, or a load was withdrawn'}"


def refuse_out_of_order(connection: Connection, month: date) -> None:
    """Refuse a month before a closed one, and one after a month that has cost and is open."""
    newest = last_closed(connection)
    if newest is not None and month < newest:
        message = f"{word(month)} lies before {word(newest)}, which is closed"
        hint = f"its cost stands as Correction in {word(next_month(newest))}"
        raise DataRefusedError(message, hint)
    row = connection.execute(_OPEN_BEFORE, [month]).fetchone()
    if row is not None and row[0] is not None:
        message = f"{word(row[0])} has cost and is still open"
        raise DataRefusedError(message, f"close it first: loader close {word(row[0])}")


def refuse_incomplete(connection: Connection, month: date) -> None:
    """Refuse a month whose usage is not all there, as the last build saw it."""
    row = connection.execute(_LOOKED_AT).fetchone()
    if row is not None and row[0] is not None and row[0] < _end(month):
        message = f"the marts were built on {row[0]:%Y-%m-%d}, before {word(month)} was over"
        raise DataRefusedError(message, "run make build, then close the month")
    found = connection.execute(_INCOMPLETE, [month, next_month(month)]).fetchall()
    if not found:
        return
    lines = [
        f"{export} {account}: hours {missing} missing, {late} late, {not_due} not due yet"
        for export, account, missing, late, not_due in found[:_SHOWN]
    ]
    if len(found) > _SHOWN:
        lines.append(f"and {len(found) - _SHOWN} more accounts; see marts.rpt_source_completeness")
    message = f"{word(month)}: usage is missing; nothing was closed"
    hint = f'load it and build, or say why not: loader close {word(month)} --force "REASON"'
    raise DataRefusedError(message, *lines, hint)


def _end(month: date) -> datetime:
    following = next_month(month)
    return datetime(following.year, following.month, 1, tzinfo=UTC)
