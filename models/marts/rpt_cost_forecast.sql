-- One row per team, source, currency and UTC day that is not known whole: what it will cost.
with

future_days as (
    select * from {{ ref('int_forecasts__future_days') }}
),

month_ends as (
    select * from {{ ref('int_forecasts__month_ends') }}
),

compared as (
    select
        future_days.team,
        future_days.source_name,
        future_days.currency,
        future_days.usage_date,
        future_days.known_cost,
        future_days.basis,
        future_days.weeks_ahead,
        month_ends.month_end_cost,
        case future_days.basis
            when 'weekday' then future_days.weekday_costs
            when 'day_kind' then future_days.kind_costs
        end as peers,
        future_days.basis = 'weekday' as is_weekly
    from future_days
    left join month_ends
        on
            future_days.team = month_ends.team
            and future_days.source_name = month_ends.source_name
            and future_days.currency = month_ends.currency
            and future_days.usage_date = {{ last_day_of_month('future_days.usage_date') }}
),

{{ measured_peers() }},

-- A trend is continued for as long as it was seen, eight weeks. What is charged for a day
-- already, such as its part of a fixed charge, it costs at least.
expected as (
    select
        *,
        greatest(
            middle + slope * (3.5 + least(weeks_ahead, 8)) + coalesce(month_end_cost, 0),
            case when sorted_peers[1] >= 0 then 0 end,
            known_cost
        ) as forecast_cost,
        greatest(case when sorted_peers[1] >= 0 then 0 end, known_cost) as least_cost,
        greatest(deviation, avg(deviation) over (partition by team, source_name, currency))
            as usual_deviation
    from measured
    where peers is not null
),

banded as (
    select
        *,
        2.5 * greatest(1.4826 * usual_deviation, 0.05 * abs(forecast_cost))
        * sqrt(1 + greatest(weeks_ahead, 0) / 8.0) as margin
    from expected
),

forecast as (
    select
        team,
        source_name,
        usage_date,
        currency,
        known_cost::numeric(38, 12) as known_cost,
        forecast_cost::numeric(38, 12) as forecast_cost,
        greatest(forecast_cost - margin, least_cost)::numeric(38, 12) as lower_cost,
        (forecast_cost + margin)::numeric(38, 12) as upper_cost,
        basis
        || case when slope != 0 then '_trend' else '' end
        || case when month_end_cost is not null then '_month_end' else '' end as method
    from banded
    union all
    select
        team,
        source_name,
        usage_date,
        currency,
        known_cost::numeric(38, 12) as known_cost,
        null as forecast_cost,
        null as lower_cost,
        null as upper_cost,
        basis as method
    from future_days
    where basis = 'too_short'
)

select * from forecast
