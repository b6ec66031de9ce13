-- One row per export, account and hour, from the account's first hour to now, and what the hour is:
-- present, zero, not_due, late or missing. What stays silent for 400 days is taken as ended.
with

loaded_hours as (
    select * from {{ ref('int_completeness__loaded_hours') }}
),

schedules as (
    select * from {{ ref('source_schedules') }}
),

clock as (
    select date_trunc('hour', {{ as_of() }}, 'UTC') as as_of_at
),

spans as (
    select
        source_name,
        export_name,
        account_key,
        min(usage_start_at) as first_hour_at,
        max(usage_start_at) as last_hour_at,
        max(delivered_until_at) as delivered_until_at
    from loaded_hours
    group by source_name, export_name, account_key
),

-- Lags are hours, never days: a day's length would depend on the session's time zone.
expected as (
    select
        spans.*,
        schedules.zero_rule,
        clock.as_of_at,
        date_trunc(
            schedules.grain, clock.as_of_at - make_interval(hours => schedules.lag_hours), 'UTC'
        ) as due_before,
        date_trunc(
            schedules.grain, clock.as_of_at - make_interval(hours => schedules.late_hours), 'UTC'
        ) as missing_before,
        greatest(
            spans.last_hour_at,
            least(clock.as_of_at - interval '1 hour', spans.last_hour_at + interval '9600 hours')
        ) as last_expected_at
    from spans
    inner join schedules on spans.export_name = schedules.export_name
    cross join clock
),

hours as (
    select
        expected.*,
        series.usage_start_at
    from expected
    cross join
        lateral generate_series(
            expected.first_hour_at, expected.last_expected_at, interval '1 hour'
        ) as series (usage_start_at)
),

judged as (
    select
        hours.source_name,
        hours.export_name,
        hours.account_key,
        (hours.usage_start_at at time zone 'UTC')::date as usage_date,
        hours.usage_start_at,
        hours.as_of_at,
        case
            when loaded_hours.usage_start_at is not null then 'present'
            when hours.usage_start_at >= hours.due_before then 'not_due'
            when
                hours.zero_rule = 'later_usage'
                and hours.usage_start_at <= hours.delivered_until_at
                then 'zero'
            when hours.usage_start_at >= hours.missing_before then 'late'
            else 'missing'
        end as status
    from hours
    left join loaded_hours
        on
            hours.export_name = loaded_hours.export_name
            and hours.account_key = loaded_hours.account_key
            and hours.usage_start_at = loaded_hours.usage_start_at
)

select * from judged
