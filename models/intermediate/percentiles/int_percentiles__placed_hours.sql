-- One row per meter, account, month and hour with usage, for a level also per resource: the hour's
-- place in the month's order once the hours the export leaves out are zeros. The zeros are counted,
-- not made: a value stands as far behind as there are zeros before it.
with

usage_records as (
    select * from {{ ref('fct_usage_hourly') }}
),

meters as (
    select * from {{ ref('meters') }}
),

-- A flow is added up over the account's hour; a level is looked at resource by resource.
hourly as (
    select
        usage_records.source_name,
        usage_records.account_key,
        usage_records.meter_id,
        case meters.kind when 'level' then usage_records.resource_key end as resource_key,
        usage_records.unit,
        usage_records.usage_start_at at time zone 'UTC' as hour_start,
        case meters.kind
            when 'level' then max(usage_records.quantity)
            else sum(usage_records.quantity)
        end as quantity
    from usage_records
    left join meters on usage_records.meter_id = meters.meter_id
    group by
        usage_records.source_name,
        usage_records.account_key,
        usage_records.meter_id,
        case meters.kind when 'level' then usage_records.resource_key end,
        usage_records.unit,
        usage_records.usage_start_at,
        meters.kind
),

-- That the export covers an hour is known from any resource of the meter in the account.
series as (
    select
        source_name,
        account_key,
        meter_id,
        resource_key,
        unit,
        date_trunc('month', min(hour_start)) as first_month,
        date_trunc('month', max(hour_start)) as last_month,
        min(min(hour_start)) over meter_of_account as series_start,
        max(max(hour_start)) over meter_of_account + interval '1 hour' as series_end
    from hourly
    group by source_name, account_key, meter_id, resource_key, unit
    window meter_of_account as (partition by account_key, meter_id)
),

periods as (
    select
        series.*,
        months.period_start,
        extract(
            epoch from
            least(series.series_end, months.period_start + interval '1 month')
            - greatest(series.series_start, months.period_start)
        )::bigint / 3600 as hours
    from series
    cross join
        lateral generate_series(series.first_month, series.last_month, interval '1 month')
            as months (period_start)
),

placed as (
    select
        periods.source_name,
        periods.account_key,
        periods.meter_id,
        periods.resource_key,
        periods.unit,
        periods.period_start,
        periods.hours,
        hourly.quantity,
        row_number() over values_in_order
        + case
            when hourly.quantity < 0 then 0
            else periods.hours - count(hourly.quantity) over whole_period
        end as place
    from periods
    left join hourly
        on
            periods.account_key = hourly.account_key
            and periods.meter_id = hourly.meter_id
            and periods.unit = hourly.unit
            and periods.period_start = date_trunc('month', hourly.hour_start)
            and periods.resource_key is not distinct from hourly.resource_key
    window
        whole_period as (
            partition by
                periods.account_key,
                periods.meter_id,
                periods.resource_key,
                periods.unit,
                periods.period_start
        ),
        values_in_order as (whole_period order by hourly.quantity)
)

select * from placed
