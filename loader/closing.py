"""Closes months: a month's statement is frozen, with a hash of its lines, or not at all.

What is frozen is what the last build put into marts.rpt_chargeback_monthly. Closing, reopening and
building exclude each other, and one transaction writes everything.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from psycopg import Connection
from psycopg.rows import class_row

from loader import __version__, closing_checks, closing_tables, raw_tables
from loader.building import one_at_a_time
from loader.errors import DataRefusedError
from loader.exports import read_exports
from loader.months import next_month, word
from loader.project import Project

_CLOSINGS = """
    select
        closing_id, billing_period, lines, totals, sha256, build_fingerprint, forced_because,
        closed_at, reopened_at, reopened_because
    from loader.closed_months
    cross join lateral (
        select jsonb_object_agg(sums.currency, sums.amount::text) as totals
        from (
            select currency, sum(amount) as amount
            from loader.closed_statements
            where closed_statements.closing_id = closed_months.closing_id
            group by currency
        ) as sums
    ) as summed
    where %(month)s::date is null or (billing_period = %(month)s and reopened_at is null)
    order by closing_id
"""
_LINES = """
    select team, source_name, charge_class, corrects_period, currency, effective_cost, amount
    from marts.rpt_chargeback_monthly
    where billing_period = %s and not is_closed
    order by
        team collate "C", source_name collate "C", currency collate "C", corrects_period nulls first
"""
_INSERT_MONTH = """
    insert into loader.closed_months (
        billing_period, lines, sha256, build_fingerprint, forced_because, loader_version
    )
    select %s, %s, %s, builds.fingerprint, %s, %s
    from loader.builds
    where builds.schema_prefix = ''
    order by builds.build_id desc
    limit 1
    returning closing_id
"""
_INSERT_LINE = """
    insert into loader.closed_statements (
        closing_id, line_number, team, source_name, charge_class, corrects_period, currency,
        effective_cost, amount
    ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


# A line of a statement in the order of its columns; the hash is taken over them.
_Line = tuple[str, str, str | None, date | None, str, Decimal, Decimal]


@dataclass(frozen=True)
class Closing:
    """One closing of a month; `totals` are amounts in cents by currency, as texts.

    `is_new` is false where the month was closed before, to the same amounts.
    """

    closing_id: int
    billing_period: date
    lines: int
    totals: dict[str, str]
    sha256: str
    build_fingerprint: str
    forced_because: str | None
    closed_at: datetime
    reopened_at: datetime | None
    reopened_because: str | None
    is_new: bool = False


def close(
    connection: Connection,
    project: Project,
    month: date,
    *,
    as_of: datetime,
    forced_because: str | None = None,
) -> Closing:
    """Freeze the statement of a month, given by its first day; a closed month stays as it is.

    `as_of` is the instant the month has to be over at. `forced_because` closes although usage is
    missing. `connection` must not be in a transaction. Raises `DataRefusedError`, naming what
    stands in the way.
    """
    closing_checks.refuse_unfinished(month, as_of)
    raw_tables.prepare(connection, read_exports(project))
    with one_at_a_time(connection), connection.transaction():
        connection.execute("set transaction isolation level repeatable read")
        if closed := _in_force(connection, month):
            closing_checks.refuse_changed(connection, closed.closing_id, month)
            return closed
        closing_checks.refuse_stale(connection, project)
        closing_checks.refuse_out_of_order(connection, month)
        if forced_because is None:
            closing_checks.refuse_incomplete(connection, month)
        _freeze(connection, month, forced_because)
        closed = _in_force(connection, month)
        assert closed is not None  # noqa: S101  # it was just written
        return replace(closed, is_new=True)


def reopen(
    connection: Connection, project: Project, month: date, because: str | None = None
) -> Closing:
    """Undo the closing of the newest closed month; its lines are kept, and no longer count.

    Raises `DataRefusedError` for every other month.
    """
    raw_tables.prepare(connection, read_exports(project))
    with one_at_a_time(connection), connection.transaction():
        closing = _in_force(connection, month)
        if closing is None:
            message = f"{word(month)} is not closed"
            raise DataRefusedError(message, "see: loader close --list")
        newest = closing_checks.last_closed(connection)
        if newest is not None and month != newest:
            message = f"{word(month)} is not the newest closed month, {word(newest)} is"
            hint = f"what changed since stands as Correction in {word(next_month(newest))}"
            raise DataRefusedError(message, hint)
        connection.execute(
            "update loader.closed_months set reopened_at = clock_timestamp(),"
            " reopened_because = %s where closing_id = %s",
            [because, closing.closing_id],
        )
        return closing


def read_closings(connection: Connection) -> Sequence[Closing]:
    """Return every closing, undone ones included, in the order they were made."""
    return _select(connection, None) if closing_tables.exists(connection) else ()


def _in_force(connection: Connection, month: date) -> Closing | None:
    found = _select(connection, month)
    return found[0] if found else None


def _select(connection: Connection, month: date | None) -> Sequence[Closing]:
    with connection.cursor(row_factory=class_row(Closing)) as cursor:
        return cursor.execute(_CLOSINGS, {"month": month}).fetchall()


def _freeze(connection: Connection, month: date, forced_because: str | None) -> None:
    lines: list[_Line] = connection.execute(_LINES, [month]).fetchall()
    if not lines:
        message = f"{word(month)} has no statement: nothing was charged in it"
        raise DataRefusedError(message, "a month without cost need not be closed")
    values = [month, len(lines), _digest(month, lines), forced_because, __version__]
    row = connection.execute(_INSERT_MONTH, values).fetchone()
    assert row is not None  # noqa: S101  # only a build makes marts current
    rows = [(row[0], number, *line) for number, line in enumerate(lines, start=1)]
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT_LINE, rows)


def _digest(month: date, lines: Sequence[_Line]) -> str:
    """Return the SHA-256 of the lines as CSV; a dbt test makes the same text in SQL."""
    text = "\n".join(",".join(_cell(value) for value in (month, *line)) for line in lines)
    return hashlib.sha256(text.encode()).hexdigest()


def _cell(value: str | date | Decimal | None) -> str:
    cell = format(value, "f") if isinstance(value, Decimal) else str(value or "")
    return f'"{cell.replace(chr(34), chr(34) * 2)}"' if re.search(r'[",\n\r]', cell) else cell
