-- One row per team, source, currency and UTC day that is not known whole, with the costs of the
-- days it is compared with, the oldest first.
with

costs as (
    select * from {{ ref('rpt_costs_daily') }}
),

recent_costs as (
    select * from {{ ref('int_forecasts__recent_costs') }}
),

budgets as (
    select * from {{ ref('budgets') }}
),

clock as (
    select ({{ as_of() }} at time zone 'UTC')::date as as_of_date
),

-- To the end of next month, or of the longest budget that runs, within a year.
horizon as (
    select
        greatest(
            (date_trunc('month', min(clock.as_of_date)::timestamp) + interval '2 months')::date,
            -- The lesser of a date and null would be the date.
            case
                when max(budgets.period_end) is not null
                    then least(max(budgets.period_end), min(clock.as_of_date) + 366)
            end
        ) as end_date
    from clock
    left join budgets
        on clock.as_of_date >= budgets.period_start and clock.as_of_date < budgets.period_end
),

future as (
    select
        recent_costs.team,
        recent_costs.source_name,
        recent_costs.currency,
        recent_costs.days_known,
        recent_costs.complete_until + numbers.day_number as usage_date
    from recent_costs
    cross join horizon
    cross join
        lateral generate_series(1, horizon.end_date - recent_costs.complete_until - 1)
            as numbers (day_number)
    group by
        recent_costs.team,
        recent_costs.source_name,
        recent_costs.currency,
        recent_costs.days_known,
        recent_costs.complete_until + numbers.day_number
),

known as (
    select
        team,
        source_name,
        currency,
        usage_date,
        sum(effective_cost) as known_cost
    from costs
    where usage_date > (select clock.as_of_date - 45 from clock)
    group by team, source_name, currency, usage_date
),

compared as (
    select
        future.team,
        future.source_name,
        future.currency,
        future.usage_date,
        known.known_cost,
        case
            when future.days_known < 7 then 'too_short'
            when cardinality(alike.effective_costs) >= 4 then 'weekday'
            else 'day_kind'
        end as basis,
        alike.effective_costs as weekday_costs,
        kind.effective_costs as kind_costs,
        (future.usage_date - alike.last_date) / 7 as weeks_ahead
    from future
    left join recent_costs as alike
        on
            future.team = alike.team
            and future.source_name = alike.source_name
            and future.currency = alike.currency
            and extract(isodow from future.usage_date) = alike.iso_day_of_week
    left join recent_costs as kind
        on
            future.team = kind.team
            and future.source_name = kind.source_name
            and future.currency = kind.currency
            and (extract(isodow from future.usage_date) < 6) = kind.is_working_day
    left join known
        on
            future.team = known.team
            and future.source_name = known.source_name
            and future.currency = known.currency
            and future.usage_date = known.usage_date
)

select * from compared
