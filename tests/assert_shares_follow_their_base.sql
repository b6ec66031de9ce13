-- Guards invariant 2 inside sharing: no share is a unit of the last digit or more off from the
-- exact fraction of its pool, and the bases of those who bear a part add up to the total. It is
-- multiplied out, because a quotient would be rounded.
with

lines as (
    select * from {{ ref('int_allocation__lines') }}
),

pools as (
    select
        taken_by_rule_id as rule_id,
        team as from_team,
        usage_date,
        source_name,
        service_name,
        account_key,
        meter_id,
        is_idle,
        currency,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost,
        sum(effective_cost) as effective_cost,
        sum(billed_cost) as billed_cost
    from lines
    where taken_by_rule_id is not null
    group by
        taken_by_rule_id,
        team,
        usage_date,
        source_name,
        service_name,
        account_key,
        meter_id,
        is_idle,
        currency
),

compared as (
    select
        lines.*,
        sum(lines.base_quantity) over (
            partition by
                lines.rule_id,
                lines.from_team,
                lines.usage_date,
                lines.source_name,
                lines.service_name,
                lines.account_key,
                lines.meter_id,
                lines.is_idle,
                lines.currency
        ) as base_sum,
        greatest(
            abs(lines.list_cost * lines.base_total - pools.list_cost * lines.base_quantity),
            abs(
                lines.contracted_cost * lines.base_total
                - pools.contracted_cost * lines.base_quantity
            ),
            abs(
                lines.effective_cost * lines.base_total
                - pools.effective_cost * lines.base_quantity
            ),
            abs(lines.billed_cost * lines.base_total - pools.billed_cost * lines.base_quantity)
        ) as distance
    from lines
    left join pools
        on
            lines.rule_id = pools.rule_id
            and lines.from_team = pools.from_team
            and lines.usage_date = pools.usage_date
            and lines.source_name = pools.source_name
            and lines.service_name is not distinct from pools.service_name
            and lines.account_key = pools.account_key
            and lines.meter_id = pools.meter_id
            and lines.is_idle = pools.is_idle
            and lines.currency = pools.currency
    where lines.step > 0
)

select
    usage_date,
    rule_id,
    from_team,
    team,
    meter_id,
    effective_cost,
    base_quantity,
    base_total,
    distance / base_total as distance_from_exact
from compared
where
    base_sum != base_total
    or (distance < base_total * 1e-12) is not true
