-- One row per day, meter, account and resource. Flows are added up; a level, such as a number of
-- workers, is not: its day is the highest hour.
with

usage_records as (
    select * from {{ ref('fct_usage_hourly') }}
),

meters as (
    select * from {{ ref('meters') }}
),

daily as (
    select
        usage_records.usage_date,
        usage_records.source_name,
        usage_records.account_key,
        usage_records.meter_id,
        usage_records.resource_key,
        usage_records.unit,
        coalesce(meters.daily_aggregation, 'sum') as daily_aggregation,
        sum(usage_records.quantity) as quantity_sum,
        max(usage_records.quantity) as quantity_max,
        count(distinct usage_records.usage_start_at) as hours
    from usage_records
    left join meters on usage_records.meter_id = meters.meter_id
    group by
        usage_records.usage_date,
        usage_records.source_name,
        usage_records.account_key,
        usage_records.meter_id,
        usage_records.resource_key,
        usage_records.unit,
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
