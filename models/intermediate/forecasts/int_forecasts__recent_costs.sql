-- One row per team, source, currency and weekday, and one for all its working days and for all its
-- weekends: the last eight costs, the oldest first.
with

daily_costs as (
    select * from {{ ref('int_forecasts__daily_costs') }}
),

clock as (
    select ({{ as_of() }} at time zone 'UTC')::date as as_of_date
),

-- What brought nothing for 45 days is taken as ended.
recent as (
    select
        *,
        row_number() over (
            partition by team, source_name, currency, iso_day_of_week order by usage_date desc
        ) as weekday_place,
        row_number() over (
            partition by team, source_name, currency, is_working_day order by usage_date desc
        ) as kind_place,
        count(*) over (partition by team, source_name, currency) as days_known
    from daily_costs
    where
        is_complete
        and usage_date > complete_until - 56
        and complete_until >= (select clock.as_of_date - 45 from clock)
),

grouped as (
    select
        team,
        source_name,
        currency,
        iso_day_of_week,
        is_working_day,
        complete_until,
        days_known,
        max(usage_date) as last_date,
        case
            when grouping(iso_day_of_week) = 0
                then array_agg(effective_cost order by usage_date) filter (where weekday_place <= 8)
            else array_agg(effective_cost order by usage_date) filter (where kind_place <= 8)
        end as effective_costs
    from recent
    group by
        grouping sets (
            (team, source_name, currency, complete_until, days_known, iso_day_of_week),
            (team, source_name, currency, complete_until, days_known, is_working_day)
        )
)

select * from grouped
