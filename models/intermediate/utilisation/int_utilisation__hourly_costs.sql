-- One row per Spacelift account, worker pool, hour and currency: the hour's part of what workers
-- cost, null where nothing is charged that day. A charge of a day without a worker is a row apart.
-- Private workers are billed as provisioned, not by the minute, so a day's fixed charge is shared by
-- its pool-hours in proportion to their workers.
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
        daily_charges.shared_cost,
        case
            when daily_charges.currency is not null then coalesce(worker_prices.effective_cost, 0)
        end as own_cost
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
),

running as (
    select
        *,
        sum(worker_count) over day_so_far as workers_so_far,
        sum(worker_count) over whole_day as workers_of_day
    from charged_hours
    window
        whole_day as (partition by account_key, usage_date, currency),
        day_so_far as (
            partition by account_key, usage_date, currency
            order by usage_start_at, worker_pool collate "C"
        )
),

-- The difference of two rounded running totals: the parts add up to the day's charge exactly, and
-- an hour without a worker carries nothing.
shared as (
    select
        account_key,
        worker_pool,
        usage_start_at,
        currency,
        false as is_unassigned,
        own_cost + case
            when workers_of_day = 0 then 0
            else
                round(shared_cost * workers_so_far / workers_of_day, 12)
                - round(shared_cost * (workers_so_far - worker_count) / workers_of_day, 12)
        end as effective_cost
    from running
),

costs as (
    select
        account_key,
        worker_pool,
        usage_start_at,
        currency,
        is_unassigned,
        effective_cost
    from shared
    union all
    select
        daily_charges.account_key,
        null as worker_pool,
        daily_charges.charge_date::timestamp at time zone 'UTC' as usage_start_at,
        daily_charges.currency,
        true as is_unassigned,
        daily_charges.shared_cost as effective_cost
    from daily_charges
    where
        daily_charges.shared_cost != 0
        and not exists (
            select 1
            from pool_hours
            where
                pool_hours.account_key = daily_charges.account_key
                and pool_hours.usage_date = daily_charges.charge_date
                and pool_hours.worker_count > 0
        )
)

select * from costs
