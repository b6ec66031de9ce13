-- Guards invariant 1 between charges and pool-hours: what workers cost on a day is, to the last
-- digit, what the day's hours carry and what found no worker.
with

charged as (
    select
        account_key,
        charge_date as usage_date,
        currency,
        sum(effective_cost) as effective_cost
    from {{ ref('int_utilisation__worker_charges') }}
    group by account_key, charge_date, currency
),

carried as (
    select
        account_key,
        usage_date,
        currency,
        sum(effective_cost) as effective_cost
    from {{ ref('rpt_worker_utilisation_hourly') }}
    where currency is not null
    group by account_key, usage_date, currency
)

select
    coalesce(charged.account_key, carried.account_key) as account_key,
    coalesce(charged.usage_date, carried.usage_date) as usage_date,
    coalesce(charged.currency, carried.currency) as currency,
    charged.effective_cost as cost_charged,
    carried.effective_cost as cost_carried
from charged
full join carried
    on
        charged.account_key = carried.account_key
        and charged.usage_date = carried.usage_date
        and charged.currency = carried.currency
where
    coalesce(charged.effective_cost, 0) != coalesce(carried.effective_cost, 0)
