-- One row per team, source, currency and UTC day: its cost, and what days like it let expect.
with

daily_costs as (
    select * from {{ ref('int_forecasts__daily_costs') }}
),

windowed as (
    select
        *,
        array_agg(effective_cost) filter (where is_complete) over (
            partition by team, source_name, currency, iso_day_of_week
            order by usage_date rows between 8 preceding and 1 preceding
        ) as weekday_costs,
        array_agg(effective_cost) filter (where is_complete) over (
            partition by team, source_name, currency, is_working_day
            order by usage_date rows between 8 preceding and 1 preceding
        ) as kind_costs
    from daily_costs
),

-- Eight working days have every weekday among them, so that a busy Friday is none of a kind.
compared as (
    select
        team,
        source_name,
        currency,
        usage_date,
        effective_cost,
        is_complete,
        is_working_day,
        is_month_end,
        case
            when cardinality(weekday_costs) >= 4 then weekday_costs
            when cardinality(kind_costs) = 8 then kind_costs
        end as peers,
        cardinality(weekday_costs) >= 4 as is_weekly
    from windowed
),

{{ measured_peers() }},

-- Eight days alone often look calmer than they are: a week's deviations speak for each of its days.
expected as (
    select
        team,
        source_name,
        currency,
        usage_date,
        effective_cost,
        is_complete,
        is_working_day,
        is_month_end,
        is_weekly,
        sorted_peers,
        peer_count,
        middle + 4.5 * slope as expected_cost,
        greatest(
            1.4826 * greatest(deviation, avg(deviation) over (
                partition by team, source_name, currency
                order by usage_date rows between 6 preceding and current row
            )),
            0.05 * abs(middle + 4.5 * slope),
            0.2
        ) as spread
    from measured
),

-- How far month ends before it were from what was expected of them.
month_ends as (
    select
        team,
        source_name,
        currency,
        usage_date,
        greatest(0, max(effective_cost - expected_cost) over before_it) as excess,
        least(0, min(effective_cost - expected_cost) over before_it) as lack
    from expected
    where is_month_end
    window
        before_it as (
            partition by team, source_name, currency
            order by usage_date rows between 8 preceding and 1 preceding
        )
),

-- What two of the same weekdays came to is no news, whatever the others did; of other days, what
-- one did. At a month end, neither is what month ends do.
ranged as (
    select
        expected.*,
        least(
            expected.expected_cost - 5 * expected.spread,
            expected.sorted_peers[case when expected.is_weekly then 2 else 1 end]
        ) + coalesce(month_ends.lack, 0) as lowest_cost,
        greatest(
            expected.expected_cost + 5 * expected.spread,
            expected.sorted_peers[
                expected.peer_count - case when expected.is_weekly then 1 else 0 end
            ]
        ) + coalesce(month_ends.excess, 0) as upper_cost
    from expected
    left join month_ends
        on
            expected.team = month_ends.team
            and expected.source_name = month_ends.source_name
            and expected.currency = month_ends.currency
            and expected.usage_date = month_ends.usage_date
),

bounded as (
    select
        *,
        case when sorted_peers[1] >= 0 then greatest(lowest_cost, 0) else lowest_cost end
            as lower_cost
    from ranged
),

judged as (
    select
        *,
        case
            when effective_cost > upper_cost then 'above'
            when is_complete and effective_cost < lower_cost then 'below'
        end as side
    from bounded
),

reported as (
    select
        team,
        source_name,
        usage_date,
        currency,
        effective_cost,
        is_complete,
        expected_cost::numeric(38, 12) as expected_cost,
        lower_cost::numeric(38, 12) as lower_cost,
        upper_cost::numeric(38, 12) as upper_cost,
        ((effective_cost - expected_cost) / spread)::numeric(38, 2) as score,
        side is not null as is_anomaly,
        case
            when sorted_peers is null then 'too few days to compare with'
            when side is null and not is_complete then 'usage is still awaited'
            when is_weekly then side || ' the ' || peer_count || ' same weekdays before it'
            when is_working_day then side || ' the 8 working days before it'
            else side || ' the 8 days at weekends before it'
        end as reason
    from judged
)

select * from reported
