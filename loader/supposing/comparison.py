"""Costs by team and usage without a price, before and after, from two sets of schemas."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import class_row

from loader import relations

_TEAMS = """
    with before as (
        select team, currency, sum({cost}) as amount from {costs_before}
        where %(month)s::date is null or billing_period = %(month)s
        group by team, currency
    ),

    after as (
        select team, currency, sum({cost}) as amount from {costs_after}
        where %(month)s::date is null or billing_period = %(month)s
        group by team, currency
    )

    select team, currency, coalesce(before.amount, 0) as before, coalesce(after.amount, 0) as after
    from before
    full join after using (team, currency)
    order by
        currency, abs(coalesce(after.amount, 0) - coalesce(before.amount, 0)) desc,
        team collate "C"
"""
_UNPRICED = """
    with before as (
        select source_name, meter_id, unit, sum(quantity) as quantity, sum(charges) as charges
        from {unpriced_before}
        where %(month)s::date is null or billing_period = %(month)s
        group by source_name, meter_id, unit
    ),

    after as (
        select source_name, meter_id, unit, sum(quantity) as quantity, sum(charges) as charges
        from {unpriced_after}
        where %(month)s::date is null or billing_period = %(month)s
        group by source_name, meter_id, unit
    )

    select
        coalesce(before.source_name, after.source_name) as source_name,
        coalesce(before.meter_id, after.meter_id) as meter_id,
        coalesce(before.unit, after.unit) as unit,
        coalesce(before.quantity, 0) as quantity_before,
        coalesce(after.quantity, 0) as quantity_after,
        coalesce(before.charges, 0)::bigint as charges_before,
        coalesce(after.charges, 0)::bigint as charges_after
    from before
    full join after
        on before.meter_id = after.meter_id and coalesce(before.unit, '') = coalesce(after.unit, '')
    order by 1, 2, 3
"""
_HUNDREDTHS = Decimal("0.01")


@dataclass(frozen=True)
class TeamChange:
    """What a team costs before and after; `unallocated` is one, a currency's total has no team."""

    team: str | None
    currency: str
    before: Decimal
    after: Decimal

    @property
    def delta(self) -> Decimal:
        """After less before: who has more of it loses."""
        return self.after - self.before

    @property
    def percent(self) -> Decimal | None:
        """The delta in per cent of before, to hundredths; None of nothing."""
        if not self.before:
            return None
        return (100 * self.delta / self.before).quantize(_HUNDREDTHS, ROUND_HALF_EVEN)


@dataclass(frozen=True)
class UnpricedChange:
    """Usage of a meter that has no price, before and after."""

    source_name: str
    meter_id: str
    unit: str | None
    quantity_before: Decimal
    quantity_after: Decimal
    charges_before: int
    charges_after: int


@dataclass(frozen=True)
class Comparison:
    """Teams by currency, most changed first; a total for each currency; all usage without price."""

    teams: Sequence[TeamChange]
    totals: Sequence[TeamChange]
    unpriced: Sequence[UnpricedChange]


def compare(
    connection: Connection[Any], schema: str | None, cost: str, month: date | None
) -> Comparison:
    """Compare the marts with those of the scratch schema, None where there was nothing to build."""
    tables = {
        f"{name}_{when}": sql.Identifier(_schema_of(connection, mart, after), mart)
        for name, mart in (("costs", "rpt_costs_monthly"), ("unpriced", "rpt_unpriced_usage"))
        for when, after in (("before", None), ("after", schema))
    }
    parameters = {"month": month}
    with connection.cursor(row_factory=class_row(TeamChange)) as cursor:
        query = sql.SQL(_TEAMS).format(cost=sql.Identifier(cost), **tables)
        teams = cursor.execute(query, parameters).fetchall()
    with connection.cursor(row_factory=class_row(UnpricedChange)) as cursor:
        unpriced = cursor.execute(sql.SQL(_UNPRICED).format(**tables), parameters).fetchall()
    return Comparison(teams, _totals(teams), unpriced)


def _schema_of(connection: Connection[Any], mart: str, schema: str | None) -> str:
    """Return where a mart is: what the other seeds do not reach was not built anew."""
    if schema is None:
        return "marts"
    scratch = f"{schema}_marts"
    return scratch if relations.exists(connection, f"{scratch}.{mart}") else "marts"


def _totals(teams: Sequence[TeamChange]) -> list[TeamChange]:
    return [
        TeamChange(
            None,
            currency,
            sum((team.before for team in teams if team.currency == currency), Decimal(0)),
            sum((team.after for team in teams if team.currency == currency), Decimal(0)),
        )
        for currency in dict.fromkeys(team.currency for team in teams)
    ]
