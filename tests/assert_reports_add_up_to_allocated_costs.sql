-- Guards invariant 1 between the allocated costs and what people look at: days and months of the
-- reports add up to the fact; the list of unallocated cost to what nobody owned before sharing.
with

allocated as (
    select
        billing_period,
        currency,
        sum(effective_cost) as effective_cost
    from {{ ref('fct_allocated_costs_daily') }}
    group by billing_period, currency
),

unowned as (
    select
        billing_period,
        currency,
        sum(effective_cost) as effective_cost
    from {{ ref('int_allocation__lines') }}
    where
        step = 0
        and method = 'unallocated'
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
    unowned.effective_cost as unowned_cost,
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
left join unowned
    on
        allocated.billing_period = unowned.billing_period
        and allocated.currency = unowned.currency
left join unallocated
    on
        allocated.billing_period = unallocated.billing_period
        and allocated.currency = unallocated.currency
where
    allocated.effective_cost is distinct from daily.effective_cost
    or allocated.effective_cost is distinct from monthly.effective_cost
    or coalesce(unowned.effective_cost, 0) != coalesce(unallocated.effective_cost, 0)
