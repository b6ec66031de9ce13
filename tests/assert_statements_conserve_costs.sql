-- Guards invariant 1 between costs and statements: what was frozen of a month, with every
-- correction that belongs to it, is what it comes to today, by team, source and currency.
with

stated as (
    select
        coalesce(corrects_period, billing_period) as billing_period,
        team,
        source_name,
        currency,
        sum(effective_cost) as effective_cost
    from {{ ref('rpt_chargeback_monthly') }}
    group by coalesce(corrects_period, billing_period), team, source_name, currency
),

allocated as (
    select
        billing_period,
        team,
        source_name,
        currency,
        sum(effective_cost) as effective_cost
    from {{ ref('fct_allocated_costs_daily') }}
    group by billing_period, team, source_name, currency
)

select
    coalesce(allocated.billing_period, stated.billing_period) as billing_period,
    coalesce(allocated.team, stated.team) as team,
    coalesce(allocated.source_name, stated.source_name) as source_name,
    coalesce(allocated.currency, stated.currency) as currency,
    allocated.effective_cost as cost_allocated,
    stated.effective_cost as cost_stated
from allocated
full join stated
    on
        allocated.billing_period = stated.billing_period
        and allocated.team = stated.team
        and allocated.source_name = stated.source_name
        and allocated.currency = stated.currency
where coalesce(allocated.effective_cost, 0) != coalesce(stated.effective_cost, 0)
