-- Guards invariant 1 for the costs of resources: shared costs move between teams, so resources add
-- up to the allocated costs by source, not by team.
with

resources as (
    select
        billing_period,
        source_name,
        currency,
        sum(effective_cost) as effective_cost
    from {{ ref('rpt_resource_costs_monthly') }}
    group by billing_period, source_name, currency
),

allocated as (
    select
        billing_period,
        source_name,
        currency,
        sum(effective_cost) as effective_cost
    from {{ ref('fct_allocated_costs_daily') }}
    group by billing_period, source_name, currency
)

select
    coalesce(resources.billing_period, allocated.billing_period) as billing_period,
    coalesce(resources.source_name, allocated.source_name) as source_name,
    coalesce(resources.currency, allocated.currency) as currency,
    resources.effective_cost as cost_of_resources,
    allocated.effective_cost as allocated_cost
from resources
full join allocated
    on
        resources.billing_period = allocated.billing_period
        and resources.source_name = allocated.source_name
        and resources.currency = allocated.currency
where resources.effective_cost is distinct from allocated.effective_cost
