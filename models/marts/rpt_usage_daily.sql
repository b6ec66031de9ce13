{% set keys = ['account_key', 'meter_id', 'usage_date'] -%}
{{ config(
    materialized='incremental',
    pre_hook="{{ forget_stale(ref('int_usage__meter_days'), " ~ keys ~ ", 'day_version') }}",
) }}

-- One row per day, meter, account and resource. Flows are added up; a level, such as a number of
-- workers, is not: its day is the highest hour. Only days whose usage changed are made anew.
with

usage_records as (
    select * from {{ ref('fct_usage_hourly') }}
),

meter_days as (
    select * from {{ ref('int_usage__meter_days') }}
),

missing as (
    select * from meter_days
    {%- if is_incremental() %}
    where {{ is_missing('meter_days', keys) | indent(4) }}
    {%- endif %}
),

hourly as (
    select
        usage_records.usage_date,
        usage_records.usage_start_at,
        usage_records.source_name,
        usage_records.account_key,
        usage_records.meter_id,
        usage_records.resource_key,
        usage_records.unit,
        missing.daily_aggregation,
        missing.day_version,
        sum(usage_records.quantity) as quantity_sum,
        max(usage_records.quantity) as quantity_max
    from usage_records
    inner join missing
        on
            usage_records.account_key = missing.account_key
            and usage_records.meter_id = missing.meter_id
            and usage_records.usage_date = missing.usage_date
    group by
        usage_records.usage_date,
        usage_records.usage_start_at,
        usage_records.source_name,
        usage_records.account_key,
        usage_records.meter_id,
        usage_records.resource_key,
        usage_records.unit,
        missing.daily_aggregation,
        missing.day_version
),

daily as (
    select
        usage_date,
        source_name,
        account_key,
        meter_id,
        resource_key,
        case daily_aggregation when 'max' then max(quantity_max) else sum(quantity_sum) end
        ::numeric(48, 18) as quantity,
        unit,
        daily_aggregation,
        count(*) as hours,
        day_version
    from hourly
    group by
        usage_date,
        source_name,
        account_key,
        meter_id,
        resource_key,
        unit,
        daily_aggregation,
        day_version
)

select * from daily
