-- Guards invariants 1 and 2 inside sharing: what a step takes from the lines before it is, per day,
-- source, account, meter, rule and holder, what its shares add up to, to the last digit.
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
        account_key,
        meter_id,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost,
        sum(effective_cost) as effective_cost,
        sum(billed_cost) as billed_cost
    from lines
    where taken_by_rule_id is not null
    group by taken_by_rule_id, team, usage_date, source_name, account_key, meter_id
),

shares as (
    select
        rule_id,
        from_team,
        usage_date,
        source_name,
        account_key,
        meter_id,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost,
        sum(effective_cost) as effective_cost,
        sum(billed_cost) as billed_cost
    from lines
    where step > 0
    group by rule_id, from_team, usage_date, source_name, account_key, meter_id
)

select
    coalesce(pools.rule_id, shares.rule_id) as rule_id,
    coalesce(pools.usage_date, shares.usage_date) as usage_date,
    pools.effective_cost as cost_pooled,
    shares.effective_cost as cost_shared
from pools
full join shares
    on
        pools.rule_id = shares.rule_id
        and pools.from_team = shares.from_team
        and pools.usage_date = shares.usage_date
        and pools.source_name = shares.source_name
        and pools.account_key = shares.account_key
        and pools.meter_id = shares.meter_id
where
    pools.list_cost is distinct from shares.list_cost
    or pools.contracted_cost is distinct from shares.contracted_cost
    or pools.effective_cost is distinct from shares.effective_cost
    or pools.billed_cost is distinct from shares.billed_cost
