-- One row per export, account and hour that has usage, when it was loaded, and how far the loads
-- that hold it go. An older version of an export fills hours of the newer one.
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

hours_of_loads as (
    select
        source_name,
        export_name,
        account_key,
        usage_start_at,
        usage_end_at,
        load_id,
        max(max(usage_start_at)) over (partition by load_id) as last_hour_of_load_at
    from usage_records
    group by source_name, export_name, account_key, usage_start_at, usage_end_at, load_id
),

loaded_hours as (
    select
        hours_of_loads.source_name,
        coalesce(schedules.superseded_by, hours_of_loads.export_name) as export_name,
        hours_of_loads.account_key,
        hours_of_loads.usage_start_at,
        hours_of_loads.usage_end_at,
        min(loads.loaded_at) as first_loaded_at,
        max(hours_of_loads.last_hour_of_load_at) as delivered_until_at
    from hours_of_loads
    inner join loads on hours_of_loads.load_id = loads.load_id
    left join schedules on hours_of_loads.export_name = schedules.export_name
    group by
        hours_of_loads.source_name,
        coalesce(schedules.superseded_by, hours_of_loads.export_name),
        hours_of_loads.account_key,
        hours_of_loads.usage_start_at,
        hours_of_loads.usage_end_at
)

select * from loaded_hours
