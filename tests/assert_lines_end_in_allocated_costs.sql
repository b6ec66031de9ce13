-- Guards invariant 1 between sharing and the marts: per month, team, step and rule, the shares of
-- fct_cost_shares are the lines', and fct_allocated_costs_daily is what teams got directly or bear
-- of pools, less what they passed on.
with

lines as (
    select
        billing_period,
        team,
        step,
        rule_id,
        sum(effective_cost) as effective_cost,
        sum(billed_cost) as billed_cost,
        coalesce(sum(effective_cost) filter (where taken_by_rule_id is null), 0) as ending_cost
    from {{ ref('int_allocation__lines') }}
    group by billing_period, team, step, rule_id
),

shares as (
    select
        billing_period,
        team,
        step,
        shared_cost_rule_id as rule_id,
        sum(effective_cost) as effective_cost,
        sum(billed_cost) as billed_cost
    from {{ ref('fct_cost_shares') }}
    group by billing_period, team, step, shared_cost_rule_id
),

allocated as (
    select
        billing_period,
        team,
        step,
        allocation_rule_id as rule_id,
        sum(effective_cost) as effective_cost
    from {{ ref('fct_allocated_costs_daily') }}
    group by billing_period, team, step, allocation_rule_id
)

select
    coalesce(lines.billing_period, shares.billing_period) as billing_period,
    coalesce(lines.team, shares.team) as team,
    coalesce(lines.step, shares.step) as step,
    coalesce(lines.rule_id, shares.rule_id) as rule_id,
    lines.effective_cost,
    shares.effective_cost as cost_of_shares,
    lines.ending_cost,
    allocated.effective_cost as cost_allocated
from lines
full join shares
    on
        lines.billing_period = shares.billing_period
        and lines.team = shares.team
        and lines.step = shares.step
        and lines.rule_id = shares.rule_id
left join allocated
    on
        lines.billing_period = allocated.billing_period
        and lines.team = allocated.team
        and lines.step = allocated.step
        and lines.rule_id is not distinct from allocated.rule_id
where
    lines.team is null
    or (
        lines.step > 0
        and (lines.effective_cost, lines.billed_cost)
        is distinct from (shares.effective_cost, shares.billed_cost)
    )
    or lines.ending_cost != coalesce(allocated.effective_cost, 0)
