-- InfraSage's metering with events and bytes side by side, by tenant, hour and event type.
with

usage_records as (
    select * from {{ ref('fct_usage_hourly') }}
),

measured as (
    select
        account_key,
        regexp_replace(meter_id, '^infrasage:(.*)[.](events|bytes)$', '\1') as event_type,
        meter_id like '%.bytes' as is_bytes,
        usage_start_at,
        usage_end_at,
        quantity
    from usage_records
    where source_name = 'infrasage'
),

hourly as (
    select
        account_key,
        event_type,
        usage_start_at,
        usage_end_at,
        coalesce(sum(quantity) filter (where not is_bytes), 0)::numeric(38, 0) as event_count,
        (sum(quantity) filter (where is_bytes))::numeric(38, 0) as bytes_ingested
    from measured
    group by account_key, event_type, usage_start_at, usage_end_at
)

select * from hourly
