-- One row per export, account and hour, from the account's first hour to now, and what the hour is:
-- present, zero, not_due, late or missing. What stays silent for 400 days is taken as ended.
with

loaded_days as (
    select * from {{ ref('int_completeness__loaded_days') }}
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
        min(first_hour_at) as first_hour_at,
        max(last_hour_at) as last_hour_at,
        max(delivered_until_at) as delivered_until_at
    from loaded_days
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

present as (
    select
        export_name,
        account_key,
        usage_date,
        bit_or(hour_bits) as hour_bits
    from loaded_days
    group by export_name, account_key, usage_date
),

hours as (
    select
        expected.*,
        calendar.day_at::date as usage_date,
        calendar.day_at at time zone 'UTC' + interval '1 hour' * clock_hours.hour_number
            as usage_start_at,
        coalesce(present.hour_bits, 0) >> clock_hours.hour_number & 1 = 1 as is_present
    from expected
    cross join
        lateral generate_series(
            date_trunc('day', expected.first_hour_at at time zone 'UTC'),
            expected.last_expected_at at time zone 'UTC',
            interval '1 day'
        ) as calendar (day_at)
    left join present
        on
            expected.export_name = present.export_name
            and expected.account_key = present.account_key
            and calendar.day_at::date = present.usage_date
    cross join generate_series(0, 23) as clock_hours (hour_number)
),

judged as (
    select
        source_name,
        export_name,
        account_key,
        usage_date,
        usage_start_at,
        as_of_at,
        case
            when is_present then 'present'
            when usage_start_at >= due_before then 'not_due'
            when zero_rule = 'later_usage' and usage_start_at <= delivered_until_at then 'zero'
            when usage_start_at >= missing_before then 'late'
            else 'missing'
        end as status
    from hours
    where usage_start_at between first_hour_at and last_expected_at
)

select * from judged
