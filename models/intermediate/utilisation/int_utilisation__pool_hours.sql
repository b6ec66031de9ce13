-- One row per Spacelift account, worker pool and hour between the pool's first and last hour known.
-- The export leaves out hours without a worker or a run; here they are rows of zeros.
with

usage_records as (
    select * from {{ ref('fct_usage_hourly') }}
),

-- A level is not added up, so two counts of one pool in one hour are the higher one.
exported as (
    select
        account_key,
        tags ->> 'worker_pool' as worker_pool,
        usage_start_at,
        coalesce(max(quantity) filter (where meter_id = 'spacelift:worker_count'), 0)
            as worker_count,
        coalesce(
            sum(quantity) filter (where meter_id = 'spacelift:run_minutes.private.occupying'), 0
        ) as busy_minutes,
        coalesce(
            sum(quantity) filter (where meter_id = 'spacelift:run_minutes.private.waiting'), 0
        ) as waiting_minutes,
        coalesce(
            sum(quantity) filter (where meter_id = 'spacelift:run_minutes.private.unknown'), 0
        ) as unknown_minutes
    from usage_records
    where
        meter_id in (
            'spacelift:worker_count',
            'spacelift:run_minutes.private.occupying',
            'spacelift:run_minutes.private.waiting',
            'spacelift:run_minutes.private.unknown'
        )
    group by account_key, tags ->> 'worker_pool', usage_start_at
),

spans as (
    select
        account_key,
        worker_pool,
        min(usage_start_at) as first_hour_at,
        max(usage_start_at) as last_hour_at
    from exported
    group by account_key, worker_pool
),

hours as (
    select
        spans.account_key,
        spans.worker_pool,
        series.usage_start_at
    from spans
    cross join
        lateral generate_series(spans.first_hour_at, spans.last_hour_at, interval '1 hour')
            as series (usage_start_at)
),

filled as (
    select
        hours.account_key,
        hours.worker_pool,
        hours.usage_start_at,
        (hours.usage_start_at at time zone 'UTC')::date as usage_date,
        exported.usage_start_at is null as is_filled,
        coalesce(exported.worker_count, 0)::numeric(38, 18) as worker_count,
        coalesce(exported.busy_minutes, 0)::numeric(38, 18) as busy_minutes,
        coalesce(exported.waiting_minutes, 0)::numeric(38, 18) as waiting_minutes,
        coalesce(exported.unknown_minutes, 0)::numeric(38, 18) as unknown_minutes
    from hours
    left join exported
        on
            hours.account_key = exported.account_key
            and hours.usage_start_at = exported.usage_start_at
            and hours.worker_pool is not distinct from exported.worker_pool
)

select * from filled
