-- One row per team, source, currency and UTC day that is not known whole: what it is expected to cost.
with

future_days as (
    select * from {{ ref('int_forecasts__future_days') }}
),

compared as (
    select
        *,
        case basis
            when 'weekday' then weekday_costs
            when 'month_end' then month_end_costs
            when 'day_kind' then kind_costs
        end as peers,
        basis = 'weekday' as is_weekly
    from future_days
),

{{ measured_peers() }},

-- A trend is continued for as long as it was seen, eight weeks.
expected as (
    select
        *,
        middle + slope * (3.5 + least(weeks_ahead, 8)) as pattern_cost,
        greatest(deviation, avg(deviation) over (partition by team, source_name, currency))
            as usual_deviation
    from measured
),

spread as (
    select
        *,
        case when sorted_peers[1] >= 0 then greatest(pattern_cost, 0) else pattern_cost end
            as usage_pattern_cost,
        2.5 * greatest(1.4826 * usual_deviation, 0.05 * abs(pattern_cost))
        * sqrt(1 + greatest(weeks_ahead, 0) / 8.0) as margin
    from expected
),

-- What is charged for the day already, such as its part of a fixed charge, it costs at least.
forecast as (
    select
        team,
        source_name,
        usage_date,
        currency,
        known_cost::numeric(38, 12) as known_cost,
        case when peers is not null then greatest(usage_pattern_cost, known_cost) end
            ::numeric(38, 12) as forecast_cost,
        case
            when sorted_peers[1] >= 0
                then greatest(usage_pattern_cost - margin, known_cost, 0)
            when peers is not null then greatest(usage_pattern_cost - margin, known_cost)
        end::numeric(38, 12) as lower_cost,
        case when peers is not null then greatest(usage_pattern_cost + margin, known_cost) end
            ::numeric(38, 12) as upper_cost,
        basis || case when slope != 0 then '_trend' else '' end as method
    from spread
)

select * from forecast
