"""Charges that direct cost is made of: by price and resource, and one by one with their lines."""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection

from loader.explaining.cells import Cell
from loader.explaining.lines import query
from loader.tracing.facts import Row, read

# Which price holds on a day is known, so days are numbered by price, and whatever is many is
# grouped and sorted by that number alone. A fixed charge has no price: `place` is without it.
_NUMBERED = """,

numbered as (
    select
        direct_days.*, prices_in_force.price_id, prices_in_force.exchange_rate,
        dense_rank() over (
            order by
                direct_days.path, direct_days.source_name, direct_days.service_name,
                direct_days.rule_id, direct_days.meter_id, direct_days.account_key
        ) as place,
        dense_rank() over (
            order by
                direct_days.path, direct_days.source_name, direct_days.service_name,
                direct_days.rule_id, direct_days.meter_id, direct_days.account_key,
                prices_in_force.price_id
        ) as number
    from direct_days
    left join intermediate.int_charges__prices_in_force as prices_in_force
        on direct_days.meter_id = prices_in_force.meter_id
        and direct_days.account_key = prices_in_force.account_key
        and direct_days.usage_date = prices_in_force.usage_date
)
"""
_RESOURCES = """,

-- Added up by day and resource already.
resources as (
    select
        numbered.number, owned.resource_key, max(owned.resource_name) as resource_name,
        sum(owned.{cost}) as amount, sum(owned.charges)::bigint as charges
    from numbered
    inner join intermediate.int_allocation__owned as owned
        on numbered.usage_date = owned.usage_date
        and numbered.account_key = owned.account_key
        and numbered.meter_id = owned.meter_id
        and numbered.currency = owned.currency
        and numbered.team = owned.team
        and coalesce(numbered.rule_id, '') = coalesce(owned.rule_id, '')
    where not owned.is_fixed
    group by numbered.number, owned.resource_key
),

ranked as (
    select
        *,
        row_number() over (
            partition by number order by abs(amount) desc, resource_key collate "C" asc nulls last
        ) as rank,
        count(*) over (partition by number) as resources_of_price,
        sum(amount) over (partition by number) as amount_of_price,
        sum(charges) over (partition by number)::bigint as charges_of_price
    from resources
),

numbers as (
    select distinct on (number)
        number, path, source_name, service_name, rule_id, meter_id, account_key, price_id,
        exchange_rate
    from numbered
    order by number
)

select
    ranked.*, numbers.*, accounts.account_name, prices.currency as pricing_currency,
    prices.list_unit_price, prices.contracted_unit_price, prices.is_contracted,
    prices.pricing_unit, prices.pricing_block, prices.valid_from, prices.valid_to,
    prices.known_from, prices.reference, null as fixed_charge_id, null as place
from ranked
inner join numbers on ranked.number = numbers.number
left join reference.accounts as accounts
    on numbers.source_name = accounts.source_name and numbers.account_key = accounts.account_key
left join marts.dim_prices as prices on numbers.price_id = prices.price_id
where ranked.rank <= %(top)s
"""
_HAS_FIXED = """
    select exists (
        select from direct_days
        inner join intermediate.int_allocation__owned as owned
            on direct_days.usage_date = owned.usage_date
            and direct_days.account_key = owned.account_key
            and direct_days.meter_id = owned.meter_id
            and direct_days.team = owned.team
        where owned.is_fixed
    ) as has_fixed
"""
_FIXED = """,

totals as (
    select
        numbered.place, numbered.path, numbered.source_name, numbered.service_name,
        numbered.rule_id, numbered.meter_id, numbered.account_key, charges.exchange_rate,
        charges.fixed_charge_id, sum(charges.{cost}) as amount_of_price,
        count(*) as charges_of_price
    from numbered
    inner join marts.fct_charges as charges
        on numbered.usage_date = charges.charge_date
        and numbered.source_name = charges.source_name
        and numbered.account_key = charges.account_key
        and numbered.meter_id = charges.meter_id
        and numbered.currency = charges.currency
    left join intermediate.int_allocation__owners as owners
        on charges.attribution_key = owners.attribution_key
        and charges.charge_date >= owners.valid_from
        and charges.charge_date < owners.valid_to
    where charges.fixed_charge_id is not null and charges.is_priced
    and numbered.team = coalesce(owners.team, 'unallocated')
    and coalesce(numbered.rule_id, '') = coalesce(owners.rule_id, '')
    group by
        numbered.place, numbered.path, numbered.source_name, numbered.service_name,
        numbered.rule_id, numbered.meter_id, numbered.account_key, charges.exchange_rate,
        charges.fixed_charge_id
)

select
    totals.*, totals.amount_of_price as amount, totals.charges_of_price as charges,
    1 as resources_of_price, null as resource_key, null as number, null as price_id,
    accounts.account_name, fixed.description, fixed.basis, fixed.charge_category,
    fixed.period_start, fixed.period_end, fixed.currency as fixed_currency,
    fixed.reference as fixed_reference, amounts.charged_quantity, fixed.unit_price,
    fixed.percent, amounts.charged_amount
from totals
left join reference.accounts as accounts
    on totals.source_name = accounts.source_name and totals.account_key = accounts.account_key
left join reference.fixed_charges as fixed on totals.fixed_charge_id = fixed.fixed_charge_id
left join intermediate.int_charges__fixed_amounts as amounts
    on totals.fixed_charge_id = amounts.fixed_charge_id
"""
_CHARGES = """,

asked as (
    select *
    from unnest(
        %(numbers)s::bigint[], %(places)s::bigint[], %(fixed)s::text[], %(resources)s::text[]
    ) with ordinality as asked (number, place, fixed_charge_id, resource_key, ordinal)
),

asked_days as (
    select asked.ordinal, asked.fixed_charge_id, asked.resource_key, numbered.*
    from asked
    inner join numbered on asked.number = numbered.number
    union all
    select asked.ordinal, asked.fixed_charge_id, asked.resource_key, numbered.*
    from asked
    inner join numbered on asked.place = numbered.place
),

ranked as (
    select
        asked_days.ordinal, charges.charge_id, charges.usage_id, charges.charge_date,
        charges.charge_start_at, charges.charge_category, charges.quantity, charges.unit,
        charges.{cost} as amount,
        row_number() over (
            partition by asked_days.ordinal
            order by abs(charges.{cost}) desc, charges.charge_start_at asc, charges.charge_id asc
        ) as rank,
        count(*) over (partition by asked_days.ordinal) as charges_of_resource,
        sum(charges.{cost}) over (partition by asked_days.ordinal) as amount_of_resource
    from asked_days
    inner join marts.fct_charges as charges
        on asked_days.usage_date = charges.charge_date
        and asked_days.source_name = charges.source_name
        and asked_days.account_key = charges.account_key
        and asked_days.meter_id = charges.meter_id
        and asked_days.currency = charges.currency
        and asked_days.fixed_charge_id is not distinct from charges.fixed_charge_id
        and asked_days.resource_key is not distinct from charges.resource_key
    left join intermediate.int_allocation__owners as owners
        on charges.attribution_key = owners.attribution_key
        and charges.charge_date >= owners.valid_from
        and charges.charge_date < owners.valid_to
    where charges.is_priced
    -- Looked at while the table is read, where the joins come too late to save any work.
    and (charges.resource_key is null or charges.resource_key = any(%(resources)s))
    and charges.billing_period = %(month)s
    and asked_days.team = coalesce(owners.team, 'unallocated')
    and coalesce(asked_days.rule_id, '') = coalesce(owners.rule_id, '')
)

select * from ranked
where rank <= %(top)s
order by ordinal, rank
"""
# Few lines are found by the index, all of them in one go: PostgreSQL sees how many are asked for.
_LINES = """
    select usage_records.usage_id, usage_records.load_id, usage_records.row_number as line,
        loads.file_name
    from marts.fct_usage_hourly as usage_records
    left join loader.loads as loads on usage_records.load_id = loads.load_id
    where usage_records.usage_id = any(%s)
"""
_EVERYTHING = 1 << 62


def read_resources(connection: Connection[Any], cell: Cell, top: int | None) -> list[Row]:
    """Return the resources that cost most at each price, and all fixed charges.

    Each row says too how many resources there are at its price, and what they cost together.
    """
    parameters = {**cell.parameters, "top": _EVERYTHING if top is None else top}
    resources = read(connection, query(_NUMBERED + _RESOURCES, cell), parameters)
    if read(connection, query(_HAS_FIXED, cell), parameters)[0]["has_fixed"]:
        resources += read(connection, query(_NUMBERED + _FIXED, cell), parameters)
    return resources


def read_charges(
    connection: Connection[Any], cell: Cell, resources: Sequence[Row], top: int | None
) -> list[Row]:
    """Return the charges that cost most of each of the resources, and the line each came from.

    `ordinal` counts the resources from 1. Each row says too how many charges its resource has, and
    what they cost together.
    """
    columns = {
        "numbers": "number",
        "places": "place",
        "fixed": "fixed_charge_id",
        "resources": "resource_key",
    }
    asked = {name: [row[column] for row in resources] for name, column in columns.items()}
    parameters = {**cell.parameters, **asked, "top": _EVERYTHING if top is None else top}
    charges = read(connection, query(_NUMBERED + _CHARGES, cell), parameters)
    of_usage = [row["usage_id"] for row in charges if row["usage_id"] is not None]
    lines = {row["usage_id"]: row for row in read(connection, _LINES, [of_usage])}
    return [row | lines.get(row["usage_id"], {}) for row in charges]
