-- Guards invariant 1 between charges and teams: allocated and unallocated cost together are the
-- charges' cost, per day, source, account and currency, in every cost column.
with

charged as (
    select
        charge_date as usage_date,
        source_name,
        account_key,
        currency,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost,
        sum(effective_cost) as effective_cost,
        sum(billed_cost) as billed_cost
    from {{ ref('fct_charges') }}
    where is_priced
    group by charge_date, source_name, account_key, currency
),

allocated as (
    select
        usage_date,
        source_name,
        account_key,
        currency,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost,
        sum(effective_cost) as effective_cost,
        sum(billed_cost) as billed_cost
    from {{ ref('fct_allocated_costs_daily') }}
    group by usage_date, source_name, account_key, currency
)

select
    coalesce(charged.usage_date, allocated.usage_date) as usage_date,
    coalesce(charged.source_name, allocated.source_name) as source_name,
    coalesce(charged.account_key, allocated.account_key) as account_key,
    charged.effective_cost as cost_charged,
    allocated.effective_cost as cost_allocated
from charged
full join allocated
    on
        charged.usage_date = allocated.usage_date
        and charged.source_name = allocated.source_name
        and charged.account_key = allocated.account_key
        and charged.currency = allocated.currency
where
    charged.list_cost is distinct from allocated.list_cost
    or charged.contracted_cost is distinct from allocated.contracted_cost
    or charged.effective_cost is distinct from allocated.effective_cost
    or charged.billed_cost is distinct from allocated.billed_cost
