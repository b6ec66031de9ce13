-- One row per day, meter, account and resource. Flows are added up; a level, such as a number of
-- workers, is not: its day is the highest hour.
with

usage_records as (
    select * from {{ ref('fct_usage_hourly') }}
),

meters as (
    select * from {{ ref('meters') }}
),

hourly as (
    select
        usage_date,
        usage_start_at,
        source_name,
        account_key,
        meter_id,
        resource_key,
        unit,
        sum(quantity) as quantity_sum,
        max(quantity) as quantity_max
    from usage_records
    group by
        usage_date,
        usage_start_at,
        source_name,
        account_key,
        meter_id,
        resource_key,
        unit
),

daily as (
    select
        hourly.usage_date,
        hourly.source_name,
        hourly.account_key,
        hourly.meter_id,
        hourly.resource_key,
        hourly.unit,
        coalesce(meters.daily_aggregation, 'sum') as daily_aggregation,
        sum(hourly.quantity_sum) as quantity_sum,
        max(hourly.quantity_max) as quantity_max,
        count(*) as hours
    from hourly
    left join meters on hourly.meter_id = meters.meter_id
    group by
        hourly.usage_date,
        hourly.source_name,
        hourly.account_key,
        hourly.meter_id,
        hourly.resource_key,
        hourly.unit,
        meters.daily_aggregation
),

aggregated as (
    select
        usage_date,
        source_name,
        account_key,
        meter_id,
        resource_key,
        case daily_aggregation when 'max' then quantity_max else quantity_sum end::numeric(48, 18)
            as quantity,
        unit,
        daily_aggregation,
        hours
    from daily
)

select * from aggregated
