"""The lines of cost that end in a cell, and those of the pools they are shares of, step by step.

A line of cost is of one day, account, meter and holder. What a rule passes on keeps all of these
but the holder, so each share finds the one line of the pool it was split from.
"""

from typing import Any

from psycopg import Connection, sql

from loader.explaining.cells import Cell
from loader.tracing.facts import Row, read

# `path` tells apart the ways that lead to a line: a line may be in a pool of a cell's own, and in
# one of a pool.
CHAIN = """
with recursive chain as (
    select
        '' as path, step, usage_date, source_name, service_name, account_key, meter_id, is_idle,
        currency, from_team, team, rule_id, method, base_quantity, base_total, ratio,
        {cost} as cost,
        concat('/', to_json(rule_id), to_json(from_team)) as pool_path
    from intermediate.int_allocation__lines
    where taken_by_rule_id is null
    and team = %(team)s
    and billing_period = %(month)s
    and (%(day)s::date is null or usage_date = %(day)s)
    and (%(source)s::text is null or source_name = %(source)s)
    and (%(service)s::text is null or service_name = %(service)s)
    and currency = %(currency)s
    union all
    select
        chain.pool_path, pools.step, pools.usage_date, pools.source_name, pools.service_name,
        pools.account_key, pools.meter_id, pools.is_idle, pools.currency, pools.from_team,
        pools.team, pools.rule_id, pools.method, pools.base_quantity, pools.base_total,
        pools.ratio, pools.{cost},
        concat(chain.pool_path, '/', to_json(pools.rule_id), to_json(pools.from_team))
    from chain
    inner join intermediate.int_allocation__lines as pools
        on chain.usage_date = pools.usage_date
        and chain.account_key = pools.account_key
        and chain.meter_id = pools.meter_id
        and chain.is_idle = pools.is_idle
        and chain.currency = pools.currency
        and chain.from_team = pools.team
        and chain.rule_id = pools.taken_by_rule_id
    where chain.step > 0
),

-- Direct cost by day, whether it is idle or not: as charges know it.
direct_days as (
    select
        path, usage_date, source_name, service_name, account_key, meter_id, currency, team,
        rule_id, sum(cost) as cost, array_agg(is_idle) as idle_parts
    from chain
    where step = 0
    group by
        path, usage_date, source_name, service_name, account_key, meter_id, currency, team, rule_id
)
"""
# A share is measured day by day; what is told of it is the last day's.
_WAYS = """
    select
        path, pool_path, step, source_name, service_name, from_team, team, rule_id,
        (array_agg(method order by usage_date desc))[1] as method,
        (array_agg(base_quantity order by usage_date desc))[1] as base_quantity,
        (array_agg(base_total order by usage_date desc))[1] as base_total,
        (array_agg(ratio order by usage_date desc))[1] as ratio,
        max(usage_date) as measured_on, sum(cost) as amount
    from chain
    group by path, pool_path, step, source_name, service_name, from_team, team, rule_id
"""
_OTHERS = """
    select
        chain.pool_path, chain.source_name, chain.service_name, others.team,
        (array_agg(others.base_quantity order by chain.usage_date desc))[1] as base_quantity,
        (array_agg(others.ratio order by chain.usage_date desc))[1] as ratio,
        sum(others.{cost}) as amount
    from chain
    inner join intermediate.int_allocation__lines as others
        on chain.usage_date = others.usage_date
        and chain.account_key = others.account_key
        and chain.meter_id = others.meter_id
        and chain.is_idle = others.is_idle
        and chain.currency = others.currency
        and chain.from_team = others.from_team
        and chain.rule_id = others.rule_id
    where chain.step > 0 and chain.team != others.team
    group by chain.pool_path, chain.source_name, chain.service_name, others.team
"""
_APART = """
    select
        direct_days.path, direct_days.source_name, direct_days.service_name, direct_days.rule_id,
        direct_days.team, direct.is_idle, sum(direct.{cost}) as amount
    from direct_days
    inner join intermediate.int_allocation__direct as direct
        on direct_days.usage_date = direct.usage_date
        and direct_days.account_key = direct.account_key
        and direct_days.meter_id = direct.meter_id
        and direct_days.currency = direct.currency
        and direct_days.team = direct.team
        and direct_days.rule_id is not distinct from direct.rule_id
    where direct.is_idle != all(direct_days.idle_parts)
    group by
        direct_days.path, direct_days.source_name, direct_days.service_name, direct_days.rule_id,
        direct_days.team, direct.is_idle
"""


def query(text: str, cell: Cell) -> sql.Composed:
    """Return a query on the CTEs `chain` and `direct_days` for the cell's cost."""
    return sql.SQL(CHAIN + text).format(cost=sql.Identifier(cell.column))


def read_ways(connection: Connection[Any], cell: Cell) -> list[Row]:
    """Return how cost got to the cell and into each of its pools, by source, service and rule."""
    return read(connection, query(_WAYS, cell), cell.parameters)


def read_others(connection: Connection[Any], cell: Cell) -> list[Row]:
    """Return what other teams bear of the same pools."""
    return read(connection, query(_OTHERS, cell), cell.parameters)


def read_apart(connection: Connection[Any], cell: Cell) -> list[Row]:
    """Return the idle, or the used, part of the same charges where only the other one is here."""
    return read(connection, query(_APART, cell), cell.parameters)
