-- One row per event that counts, its customer's aliases resolved: what metrics are made of.
with

usage_records as (
    select * from {{ ref('fct_usage_hourly') }}
),

events as (
    select
        account_key,
        meter_id,
        resource_key as customer_id,
        usage_start_at,
        occurred_at,
        tags as properties,
        load_id,
        row_number
    from usage_records
    where source_name = 'metronome'
)

select * from events
