-- One row per Spacelift account, worker pool, hour and currency of the day, with the fixed charges
-- that the hours of the day share and the price of the hour's own workers; null where nothing is
-- charged that day.
with

pool_hours as (
    select * from {{ ref('int_utilisation__pool_hours') }}
),

charges as (
    select * from {{ ref('int_utilisation__worker_charges') }}
),

daily_charges as (
    select
        account_key,
        charge_date,
        currency,
        coalesce(sum(effective_cost) filter (where is_shared_by_pools), 0) as shared_cost
    from charges
    group by account_key, charge_date, currency
),

worker_prices as (
    select
        account_key,
        worker_pool,
        usage_start_at,
        currency,
        sum(effective_cost) as effective_cost
    from charges
    where not is_shared_by_pools
    group by account_key, worker_pool, usage_start_at, currency
),

charged_hours as (
    select
        pool_hours.account_key,
        pool_hours.worker_pool,
        pool_hours.usage_start_at,
        pool_hours.usage_date,
        pool_hours.worker_count,
        daily_charges.currency,
        daily_charges.shared_cost::numeric(38, 12) as shared_cost,
        case
            when daily_charges.currency is not null then coalesce(worker_prices.effective_cost, 0)
        end::numeric(38, 12) as own_cost
    from pool_hours
    left join daily_charges
        on
            pool_hours.account_key = daily_charges.account_key
            and pool_hours.usage_date = daily_charges.charge_date
    left join worker_prices
        on
            pool_hours.account_key = worker_prices.account_key
            and pool_hours.usage_start_at = worker_prices.usage_start_at
            and daily_charges.currency = worker_prices.currency
            and pool_hours.worker_pool is not distinct from worker_prices.worker_pool
)

select * from charged_hours
