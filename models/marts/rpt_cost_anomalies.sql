-- One row per team, source, currency and UTC day: what the day cost, and what days like it let expect.
with

daily_costs as (
    select * from {{ ref('int_forecasts__daily_costs') }}
),

windowed as (
    select
        *,
        array_agg(effective_cost) filter (where is_complete) over (
            partition by team, source_name, currency, day_group
            order by usage_date rows between 8 preceding and 1 preceding
        ) as group_costs,
        array_agg(effective_cost) filter (where is_complete) over (
            partition by team, source_name, currency, is_working_day
            order by usage_date rows between 8 preceding and 1 preceding
        ) as kind_costs
    from daily_costs
),

-- Eight working days have every weekday among them, so that a busy Friday is none of a kind.
compared as (
    select
        *,
        case
            when cardinality(group_costs) >= case day_group when 0 then 3 else 4 end
                then group_costs
            when cardinality(kind_costs) = 8 then kind_costs
        end as peers,
        cardinality(group_costs) >= 4 and day_group != 0 as is_weekly,
        cardinality(group_costs) >= 3 and day_group = 0 as is_month_end
    from windowed
),

{{ measured_peers() }},

-- Eight days alone often look calmer than they are: a week's deviations speak for each of its days.
expected as (
    select
        *,
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

ranged as (
    select
        *,
        -- What two of the same weekdays came to is no news, whatever the others did; of days that
        -- are less alike, what one did.
        least(expected_cost - 5 * spread, sorted_peers[case when is_weekly then 2 else 1 end])
            as lowest_cost,
        greatest(
            expected_cost + 5 * spread,
            sorted_peers[peer_count - case when is_weekly then 1 else 0 end]
        ) as upper_cost
    from expected
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
            when peers is null then 'too few days to compare with'
            when side is null and not is_complete then 'usage is still awaited'
            when is_weekly then side || ' the ' || peer_count || ' same weekdays before it'
            when is_month_end then side || ' the ' || peer_count || ' days at month ends before it'
            when is_working_day then side || ' the 8 working days before it'
            else side || ' the 8 days at weekends before it'
        end as reason
    from judged
)

select * from reported
