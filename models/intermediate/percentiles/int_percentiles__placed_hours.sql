-- One row per meter, account, month and hour with usage, for a level also per resource: the hour's
-- place in the month's order once the hours the export leaves out are zeros. The zeros are counted,
-- not made: a value stands as far behind as there are zeros before it.
with

hourly as (
    select * from {{ ref('int_percentiles__hourly_quantities') }}
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
