-- One row per Spacelift account, worker pool, hour and currency, zero-filled; and one per day whose
-- worker charge found no worker to carry it.
with

pool_hours as (
    select * from {{ ref('int_utilisation__pool_hours') }}
),

hourly_costs as (
    select * from {{ ref('int_utilisation__hourly_costs') }}
),

costed as (
    select
        hourly_costs.account_key,
        hourly_costs.worker_pool,
        hourly_costs.is_unassigned,
        hourly_costs.usage_start_at,
        case when hourly_costs.is_unassigned then interval '24 hours' else interval '1 hour' end
            as duration,
        coalesce(pool_hours.is_filled, true) as is_filled,
        coalesce(pool_hours.worker_count, 0) as worker_count,
        coalesce(pool_hours.worker_count, 0) * 60 as capacity_minutes,
        coalesce(pool_hours.busy_minutes, 0) as busy_minutes,
        coalesce(pool_hours.waiting_minutes, 0) as waiting_minutes,
        coalesce(pool_hours.unknown_minutes, 0) as unknown_minutes,
        hourly_costs.effective_cost,
        hourly_costs.currency
    from hourly_costs
    left join pool_hours
        on
            hourly_costs.account_key = pool_hours.account_key
            and hourly_costs.usage_start_at = pool_hours.usage_start_at
            and hourly_costs.worker_pool is not distinct from pool_hours.worker_pool
            and not hourly_costs.is_unassigned
),

-- Without a worker an hour carries no cost; whether an unassigned charge paid for idleness is
-- unknown.
split as (
    select
        *,
        greatest(capacity_minutes - busy_minutes, 0) as idle_minutes,
        greatest(busy_minutes - capacity_minutes, 0) as over_capacity_minutes,
        case
            when is_unassigned then null
            when capacity_minutes = 0 then effective_cost
            else round(
                effective_cost * greatest(capacity_minutes - busy_minutes, 0) / capacity_minutes, 12
            )
        end as idle_cost
    from costed
),

described as (
    select
        account_key,
        worker_pool,
        is_unassigned,
        usage_start_at,
        usage_start_at + duration as usage_end_at,
        (usage_start_at at time zone 'UTC')::date as usage_date,
        date_trunc('month', usage_start_at at time zone 'UTC')::date as billing_period,
        is_filled,
        worker_count::numeric(38, 18) as worker_count,
        capacity_minutes::numeric(38, 18) as capacity_minutes,
        busy_minutes::numeric(38, 18) as busy_minutes,
        idle_minutes::numeric(38, 18) as idle_minutes,
        over_capacity_minutes::numeric(38, 18) as over_capacity_minutes,
        waiting_minutes::numeric(38, 18) as waiting_minutes,
        unknown_minutes::numeric(38, 18) as unknown_minutes,
        (busy_minutes / nullif(capacity_minutes, 0))::numeric(38, 18) as utilisation,
        effective_cost::numeric(38, 12) as effective_cost,
        (effective_cost - idle_cost)::numeric(38, 12) as busy_cost,
        idle_cost::numeric(38, 12) as idle_cost,
        currency
    from split
)

select * from described
