-- One row per export and account: how long after its hour usage was loaded.
with

loaded_days as (
    select * from {{ ref('int_completeness__loaded_days') }}
),

schedules as (
    select * from {{ ref('source_schedules') }}
),

loaded_hours as (
    select
        loaded_days.*,
        loaded_days.loaded_at - (
            loaded_days.usage_date::timestamp at time zone 'UTC'
            + interval '1 hour' * (clock_hours.hour_number + 1)
        ) as lag
    from loaded_days
    cross join generate_series(0, 23) as clock_hours (hour_number)
    where loaded_days.hour_bits >> clock_hours.hour_number & 1 = 1
),

measured as (
    select
        source_name,
        export_name,
        account_key,
        count(*) as hours,
        min(lag) as lag_min,
        percentile_disc(0.5) within group (order by lag) as lag_median,
        max(lag) as lag_max,
        max(last_hour_at) + interval '1 hour' as last_used_at,
        max(loaded_at) as last_loaded_at
    from loaded_hours
    group by source_name, export_name, account_key
),

in_hours as (
    select
        measured.source_name,
        measured.export_name,
        measured.account_key,
        measured.hours,
        (extract(epoch from measured.lag_min) / 3600)::numeric(12, 2) as lag_hours_min,
        (extract(epoch from measured.lag_median) / 3600)::numeric(12, 2) as lag_hours_median,
        (extract(epoch from measured.lag_max) / 3600)::numeric(12, 2) as lag_hours_max,
        schedules.lag_hours as lag_hours_scheduled,
        measured.last_used_at,
        measured.last_loaded_at
    from measured
    left join schedules on measured.export_name = schedules.export_name
)

select * from in_hours
