-- One row per Spacelift account, worker pool, hour and currency: the hour's part of what workers
-- cost, null where nothing is charged that day. A charge of a day without a worker is a row apart.
-- Private workers are billed as provisioned, not by the minute, so a day's fixed charge is shared
-- by its pool-hours in proportion to their workers.
with

charged_hours as (
    select * from {{ ref('int_utilisation__charged_hours') }}
),

charges as (
    select * from {{ ref('int_utilisation__worker_charges') }}
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
        effective_cost::numeric(38, 12) as effective_cost
    from shared
    union all
    select
        charges.account_key,
        null as worker_pool,
        charges.usage_start_at,
        charges.currency,
        true as is_unassigned,
        sum(charges.effective_cost)::numeric(38, 12) as effective_cost
    from charges
    where
        charges.is_shared_by_pools
        and not exists (
            select 1
            from charged_hours
            where
                charged_hours.account_key = charges.account_key
                and charged_hours.usage_date = charges.charge_date
                and charged_hours.worker_count > 0
        )
    group by charges.account_key, charges.usage_start_at, charges.currency
)

select * from costs
