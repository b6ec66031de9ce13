-- Guards invariant 1 between the allocated costs and what people look at: days and months of the
-- reports, and the list of unallocated cost, add up to the fact.
with

allocated as (
    select
        billing_period,
        currency,
        sum(effective_cost) as effective_cost,
        coalesce(sum(effective_cost) filter (where team = 'unallocated'), 0) as unallocated_cost
    from {{ ref('fct_allocated_costs_daily') }}
    group by billing_period, currency
),

daily as (
    select
        date_trunc('month', usage_date::timestamp)::date as billing_period,
        currency,
        sum(effective_cost) as effective_cost
    from {{ ref('rpt_costs_daily') }}
    group by date_trunc('month', usage_date::timestamp)::date, currency
),

monthly as (
    select
        billing_period,
        currency,
        sum(effective_cost) as effective_cost
    from {{ ref('rpt_costs_monthly') }}
    group by billing_period, currency
),

unallocated as (
    select
        billing_period,
        currency,
        sum(effective_cost) as effective_cost
    from {{ ref('rpt_unallocated_costs') }}
    group by billing_period, currency
)

select
    allocated.billing_period,
    allocated.currency,
    allocated.effective_cost,
    daily.effective_cost as daily_cost,
    monthly.effective_cost as monthly_cost,
    allocated.unallocated_cost,
    unallocated.effective_cost as listed_unallocated_cost
from allocated
full join daily
    on
        allocated.billing_period = daily.billing_period
        and allocated.currency = daily.currency
full join monthly
    on
        allocated.billing_period = monthly.billing_period
        and allocated.currency = monthly.currency
left join unallocated
    on
        allocated.billing_period = unallocated.billing_period
        and allocated.currency = unallocated.currency
where
    allocated.effective_cost is distinct from daily.effective_cost
    or allocated.effective_cost is distinct from monthly.effective_cost
    or allocated.unallocated_cost != coalesce(unallocated.effective_cost, 0)
