-- Guards invariant 1 between costs and statements: what was frozen of a month, with every correction
-- that belongs to it, is what the month comes to today, by team, source and currency.
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
    billing_period,
    team,
    source_name,
    currency,
    allocated.effective_cost as cost_allocated,
    stated.effective_cost as cost_stated
from allocated
full join stated using (billing_period, team, source_name, currency)
where coalesce(allocated.effective_cost, 0) != coalesce(stated.effective_cost, 0)
