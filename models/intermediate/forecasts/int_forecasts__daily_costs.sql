{{ config(materialized='table') }}

-- One row per team, source, currency and UTC day from the first day with a cost to the last one
-- known; a day without a cost in between is 0.
with

costs as (
    select * from {{ ref('rpt_costs_daily') }}
),

completeness as (
    select * from {{ ref('rpt_source_completeness') }}
),

clock as (
    select ({{ as_of() }} at time zone 'UTC')::date as as_of_date
),

-- Usage of an hour that is not due or late may still come; what is missing for long is not awaited.
deliveries as (
    select
        source_name,
        max(usage_date) filter (where hours_present + hours_zero > 0) as last_known_date,
        min(usage_date) filter (where hours_not_due + hours_late > 0) as first_awaited_date
    from completeness
    group by source_name
),

daily as (
    select
        team,
        source_name,
        currency,
        usage_date,
        sum(effective_cost) as effective_cost
    from costs
    group by team, source_name, currency, usage_date
),

-- A source without exports has fixed charges alone, and those are known for every day that is over.
series as (
    select
        daily.team,
        daily.source_name,
        daily.currency,
        min(daily.usage_date) as first_date,
        max(daily.usage_date) filter (where daily.usage_date <= clock.as_of_date) as last_date,
        least(
            min(deliveries.last_known_date),
            min(deliveries.first_awaited_date) - 1,
            min(clock.as_of_date) - 1
        ) as complete_until
    from daily
    cross join clock
    left join deliveries on daily.source_name = deliveries.source_name
    group by daily.team, daily.source_name, daily.currency
),

days as (
    select
        series.*,
        series.first_date + numbers.day_number as usage_date
    from series
    cross join
        lateral generate_series(
            0, greatest(series.complete_until, series.last_date) - series.first_date
        ) as numbers (day_number)
),

-- Added up, not joined: the planner cannot know how many days a series has.
filled as (
    select
        team,
        source_name,
        currency,
        usage_date,
        effective_cost
    from daily
    union all
    select
        team,
        source_name,
        currency,
        usage_date,
        0 as effective_cost
    from days
),

summed as (
    select
        team,
        source_name,
        currency,
        usage_date,
        sum(effective_cost)::numeric(38, 12) as effective_cost
    from filled
    group by team, source_name, currency, usage_date
),

described as (
    select
        summed.team,
        summed.source_name,
        summed.currency,
        summed.usage_date,
        summed.effective_cost,
        summed.usage_date <= series.complete_until as is_complete,
        series.complete_until,
        extract(isodow from summed.usage_date)::integer as iso_day_of_week,
        extract(isodow from summed.usage_date) < 6 as is_working_day,
        {{ is_month_end('summed.usage_date') }} as is_month_end
    from summed
    inner join series
        on
            summed.team = series.team
            and summed.source_name = series.source_name
            and summed.currency = series.currency
    where summed.usage_date <= greatest(series.complete_until, series.last_date)
)

select * from described
