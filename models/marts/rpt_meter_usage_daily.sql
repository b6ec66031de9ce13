-- One row per day, meter and account: what rpt_usage_daily says of all their resources together.
with

daily as (
    select * from {{ ref('rpt_usage_daily') }}
),

by_meter as (
    select
        usage_date,
        source_name,
        account_key,
        meter_id,
        case daily_aggregation when 'max' then max(quantity) else sum(quantity) end
        ::numeric(48, 18) as quantity,
        unit,
        daily_aggregation,
        count(*) as resources
    from daily
    group by usage_date, source_name, account_key, meter_id, unit, daily_aggregation
)

select * from by_meter
