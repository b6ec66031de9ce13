"""Usage between two instants by tenant, service, event type or account, read from the marts.

InfraSage is answered in events and bytes, the way its own breakdown endpoint answers; every other
source in quantities by meter, since units do not add up. Services of InfraSage come from the
replies that were loaded: what no reply gives to a service is unattributed, never left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import dict_row, scalar_row

from loader.errors import UsageError
from loader.one_moment import one_moment

Row = dict[str, Any]

_RELATIONS = (
    "marts.fct_usage_hourly",
    "marts.dim_meters",
    "marts.rpt_event_types_hourly",
    "marts.rpt_usage_breakdown",
    "marts.rpt_usage_breakdown_periods",
)


class Group(StrEnum):
    """What usage can be grouped by; a tenant is what InfraSage calls an account."""

    TENANT = "tenant"
    SERVICE = "service_id"
    EVENT_TYPE = "event_type"
    ACCOUNT = "account"


@dataclass(frozen=True)
class Question:
    """What is asked: half-open [since, until); an hour belongs to where it starts."""

    source: str
    since: datetime
    until: datetime
    groups: tuple[Group, ...]
    account: str | None


@dataclass(frozen=True)
class Amount:
    """Events and bytes; None where nobody counted them."""

    events: int | None
    bytes: int | None

    def __sub__(self, other: "Amount") -> "Amount":
        """Return what is left; unknown where the whole is, a part nobody counted taking nothing."""
        return Amount(_less(self.events, other.events), _less(self.bytes, other.bytes))


@dataclass(frozen=True)
class EventBreakdown:
    """InfraSage's answer: rows of groups, `events` and `bytes`, and what they are parts of.

    `unattributed` is None where the rows add up to `total`. `metered`, for services only, is the
    metered usage of the period: the vendor's totals, which `total` takes where a reply was loaded,
    may differ from it. `replies_cut` replies reach beyond the period and could not be used.
    """

    rows: Sequence[Row]
    total: Amount
    unattributed: Amount | None = None
    unattributed_rows: Sequence[Row] = ()
    metered: Amount | None = None
    replies_cut: int = 0


@dataclass(frozen=True)
class QuantityBreakdown:
    """Another source's answer: rows of groups, `meter_id`, `unit`, `quantity`; totals by meter.

    Hours of a flow are added up. A level's figure is its highest hour, so its total is no sum.
    """

    rows: Sequence[Row]
    totals: Sequence[Row]


def read_breakdown(
    connection: Connection[Any], question: Question
) -> EventBreakdown | QuantityBreakdown:
    """Return the answer as of one moment; the connection must not be inside a transaction.

    Raises `UsageError` when the marts were not built, or for a grouping no export can answer.
    """
    by_service = Group.SERVICE in question.groups
    if question.source == "infrasage" and by_service and Group.EVENT_TYPE in question.groups:
        message = "--group-by: InfraSage tells services or event types apart, not both at once"
        raise UsageError(message, "ask twice, with one --group-by each")
    with one_moment(connection, _RELATIONS):
        if question.source != "infrasage":
            return _by_meter(connection, question)
        return (_by_service if by_service else _by_event_type)(connection, question)


_EVENT_COLUMNS = {
    Group.TENANT: sql.SQL("account_key"),
    Group.ACCOUNT: sql.SQL("account_key"),
    Group.EVENT_TYPE: sql.SQL("event_type"),
    Group.SERVICE: sql.SQL("service_key"),
}
_METER_COLUMNS = {
    Group.TENANT: sql.SQL("usage_records.account_key"),
    Group.ACCOUNT: sql.SQL("usage_records.account_key"),
    Group.EVENT_TYPE: sql.SQL("meters.meter_key"),
    Group.SERVICE: sql.SQL("usage_records.service_name"),
}
_SUMS = sql.SQL("sum(event_count) as events, sum(bytes_ingested) as bytes")
_HOURS = sql.SQL("""
    from marts.rpt_event_types_hourly as metered
    where usage_start_at >= %(since)s and usage_start_at < %(until)s
    and (%(account)s::text is null or account_key = %(account)s)
""")
_INSIDE = sql.SQL("""
    period_start_at >= %(since)s and period_end_at <= %(until)s
    and (%(account)s::text is null or account_key = %(account)s)
""")
_SERVICES = sql.SQL("from marts.rpt_usage_breakdown where not is_unattributed and ") + _INSIDE
# The vendor's total where a reply was loaded, the metered usage of every other hour.
_WHOLES = (
    sql.SQL("""
    from (
        select account_key, total_event_count as event_count, total_bytes_ingested as bytes_ingested
        from marts.rpt_usage_breakdown_periods where """)
    + _INSIDE
    + sql.SQL(" union all select account_key, event_count, bytes_ingested ")
    + _HOURS
    + sql.SQL("""
        and not exists (
            select from marts.rpt_usage_breakdown_periods as replies
            where replies.account_key = metered.account_key
            and metered.usage_start_at >= replies.period_start_at
            and metered.usage_start_at < replies.period_end_at
            and replies.period_start_at >= %(since)s and replies.period_end_at <= %(until)s
        )
    ) as wholes
""")
)
_REPLIES_CUT = sql.SQL("""
    select count(*) from marts.rpt_usage_breakdown_periods
    where period_start_at < %(until)s and period_end_at > %(since)s
    and (%(account)s::text is null or account_key = %(account)s)
    and not (period_start_at >= %(since)s and period_end_at <= %(until)s)
""")
_BY_METER = sql.SQL("""
    with hourly as (
        select {columns} usage_records.meter_id, usage_records.unit, meters.daily_aggregation,
            sum(usage_records.quantity) as quantity
        from marts.fct_usage_hourly as usage_records
        left join marts.dim_meters as meters on usage_records.meter_id = meters.meter_id
        where usage_records.source_name = %(source)s
        and usage_records.usage_start_at >= %(since)s and usage_records.usage_start_at < %(until)s
        and (%(account)s::text is null or usage_records.account_key = %(account)s)
        group by {grouped} usage_records.meter_id, usage_records.unit, meters.daily_aggregation,
            usage_records.usage_start_at
    )
    select {names} meter_id, unit,
        case daily_aggregation when 'max' then max(quantity) else sum(quantity) end as quantity
    from hourly
    group by {names} meter_id, unit, daily_aggregation
    order by {names} meter_id, unit
""")


def _by_event_type(connection: Connection[Any], question: Question) -> EventBreakdown:
    rows = _amounts(connection, question, question.groups, _HOURS)
    (total,) = _amounts(connection, question, (), _HOURS)
    return EventBreakdown(rows, _amount(total))


def _by_service(connection: Connection[Any], question: Question) -> EventBreakdown:
    owners = tuple(group for group in question.groups if group is not Group.SERVICE)
    (total,) = _amounts(connection, question, (), _WHOLES)
    (named,) = _amounts(connection, question, (), _SERVICES)
    (metered,) = _amounts(connection, question, (), _HOURS)
    rest = _amount(total) - _amount(named)
    with connection.cursor(row_factory=scalar_row) as cursor:
        cut = cursor.execute(_REPLIES_CUT, _parameters(question)).fetchone() or 0
    return EventBreakdown(
        _amounts(connection, question, question.groups, _SERVICES),
        _amount(total),
        rest if rest.events or rest.bytes else None,
        _unattributed_rows(connection, question, owners) if owners else (),
        _amount(metered),
        cut,
    )


def _unattributed_rows(
    connection: Connection[Any], question: Question, owners: tuple[Group, ...]
) -> list[Row]:
    """Return what no service has, by tenant."""
    named = {
        tuple(row[group] for group in owners): _amount(row)
        for row in _amounts(connection, question, owners, _SERVICES)
    }
    rows = []
    for row in _amounts(connection, question, owners, _WHOLES):
        owner = tuple(row[group] for group in owners)
        rest = _amount(row) - named.get(owner, Amount(None, None))
        if rest.events or rest.bytes:
            rows.append(row | {"events": rest.events, "bytes": rest.bytes})
    return rows


def _amounts(
    connection: Connection[Any],
    question: Question,
    groups: tuple[Group, ...],
    origin: sql.Composable,
) -> list[Row]:
    """Return events and bytes by group, the most events first; one row without groups."""
    columns = [
        sql.SQL("{} as {}").format(_EVENT_COLUMNS[group], sql.Identifier(group)) for group in groups
    ]
    query = sql.SQL("select {} {}").format(sql.SQL(", ").join([*columns, _SUMS]), origin)
    if groups:
        places = sql.SQL(", ").join(sql.SQL(str(place + 1)) for place in range(len(groups)))
        query += sql.SQL(" group by {0} order by events desc, {0}").format(places)
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query, _parameters(question)).fetchall()
    return [row | {name: _whole(row[name]) for name in ("events", "bytes")} for row in rows]


def _by_meter(connection: Connection[Any], question: Question) -> QuantityBreakdown:
    return QuantityBreakdown(
        _quantities(connection, question, question.groups),
        _quantities(connection, question, ()),
    )


def _quantities(
    connection: Connection[Any], question: Question, groups: tuple[Group, ...]
) -> list[Row]:
    query = _BY_METER.format(
        columns=_list(
            [
                sql.SQL("{} as {}").format(_METER_COLUMNS[group], sql.Identifier(group))
                for group in groups
            ]
        ),
        grouped=_list([_METER_COLUMNS[group] for group in groups]),
        names=_list([sql.Identifier(group) for group in groups]),
    )
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, _parameters(question)).fetchall()


def _list(parts: Sequence[sql.Composable]) -> sql.Composed:
    """Return the parts, each with a comma behind it."""
    return sql.Composed([sql.SQL("{}, ").format(part) for part in parts])


def _parameters(question: Question) -> dict[str, object]:
    return {
        "source": question.source,
        "since": question.since,
        "until": question.until,
        "account": question.account,
    }


def _amount(row: Row) -> Amount:
    return Amount(row["events"], row["bytes"])


def _whole(number: Decimal | None) -> int | None:
    return None if number is None else int(number)


def _less(whole: int | None, part: int | None) -> int | None:
    return None if whole is None else whole - (part or 0)
