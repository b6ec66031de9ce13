-- One row per export and account: how long after the hour its usage was loaded, in hours.
with

loaded_hours as (
    select
        *,
        extract(epoch from first_loaded_at - usage_end_at) / 3600 as lag_hours
    from {{ ref('int_completeness__loaded_hours') }}
),

schedules as (
    select * from {{ ref('source_schedules') }}
),

measured as (
    select
        loaded_hours.source_name,
        loaded_hours.export_name,
        loaded_hours.account_key,
        count(*) as hours,
        min(loaded_hours.lag_hours)::numeric(12, 2) as lag_hours_min,
        (percentile_disc(0.5) within group (order by loaded_hours.lag_hours))::numeric(12, 2)
            as lag_hours_median,
        max(loaded_hours.lag_hours)::numeric(12, 2) as lag_hours_max,
        schedules.lag_hours as lag_hours_scheduled,
        max(loaded_hours.usage_end_at) as last_used_at,
        max(loaded_hours.first_loaded_at) as last_loaded_at
    from loaded_hours
    left join schedules on loaded_hours.export_name = schedules.export_name
    group by
        loaded_hours.source_name,
        loaded_hours.export_name,
        loaded_hours.account_key,
        schedules.lag_hours
)

select * from measured
