-- One row per export, account, UTC day and load that holds usage of it: which of the day's hours it
-- holds, and how far the load goes. An older version of an export fills hours of the newer one.
with

usage_records as (
    select * from {{ ref('fct_usage_hourly') }}
),

loads as (
    select * from {{ ref('stg_loader__loads') }}
),

schedules as (
    select * from {{ ref('source_schedules') }}
),

-- Bit n stands for the hour from n o'clock: a day in one number, so that a million records are read
-- once and never sorted.
days_of_loads as (
    select
        source_name,
        export_name,
        account_key,
        usage_date,
        load_id,
        bit_or(1 << extract(hour from usage_start_at at time zone 'UTC')::integer) as hour_bits,
        min(usage_start_at) as first_hour_at,
        max(usage_start_at) as last_hour_at,
        max(max(usage_start_at)) over (partition by load_id) as delivered_until_at
    from usage_records
    group by source_name, export_name, account_key, usage_date, load_id
),

loaded_days as (
    select
        days_of_loads.source_name,
        coalesce(schedules.superseded_by, days_of_loads.export_name) as export_name,
        days_of_loads.account_key,
        days_of_loads.usage_date,
        days_of_loads.load_id,
        days_of_loads.hour_bits,
        days_of_loads.first_hour_at,
        days_of_loads.last_hour_at,
        days_of_loads.delivered_until_at,
        loads.loaded_at
    from days_of_loads
    inner join loads on days_of_loads.load_id = loads.load_id
    left join schedules on days_of_loads.export_name = schedules.export_name
)

select * from loaded_days
