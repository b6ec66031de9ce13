-- One row per meter, account and month, for a level also per resource, from its first month to its
-- last, and how many hours of the month are looked at.
with

usage_records as (
    select * from {{ ref('fct_usage_hourly') }}
),

meters as (
    select * from {{ ref('meters') }}
),

-- That the export covers an hour is known from any resource of the meter in the account.
series as (
    select
        usage_records.source_name,
        usage_records.account_key,
        usage_records.meter_id,
        case meters.kind when 'level' then usage_records.resource_key end as resource_key,
        usage_records.unit,
        date_trunc('month', min(usage_records.usage_start_at) at time zone 'UTC') as first_month,
        date_trunc('month', max(usage_records.usage_start_at) at time zone 'UTC') as last_month,
        min(min(usage_records.usage_start_at)) over meter_of_account at time zone 'UTC'
            as series_start,
        max(max(usage_records.usage_end_at)) over meter_of_account at time zone 'UTC' as series_end
    from usage_records
    left join meters on usage_records.meter_id = meters.meter_id
    group by
        usage_records.source_name,
        usage_records.account_key,
        usage_records.meter_id,
        case meters.kind when 'level' then usage_records.resource_key end,
        usage_records.unit
    window meter_of_account as (partition by usage_records.account_key, usage_records.meter_id)
),

months as (
    select
        series.source_name,
        series.account_key,
        series.meter_id,
        series.resource_key,
        series.unit,
        months.month_start::date as billing_period,
        extract(
            epoch from
            least(series.series_end, months.month_start + interval '1 month')
            - greatest(series.series_start, months.month_start)
        )::integer / 3600 as hours
    from series
    cross join
        lateral generate_series(series.first_month, series.last_month, interval '1 month')
            as months (month_start)
)

select * from months
