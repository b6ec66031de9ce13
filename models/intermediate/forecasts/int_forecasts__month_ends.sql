-- One row per team, source and currency whose last days of months stood out, each of up to six:
-- what every one of them came to beside what was expected of it.
with

anomalies as (
    select * from {{ ref('rpt_cost_anomalies') }}
),

last_days as (
    select
        *,
        row_number() over (
            partition by team, source_name, currency order by usage_date desc
        ) as place
    from anomalies
    where
        usage_date = {{ last_day_of_month('usage_date') }}
        and is_complete
        and score is not null
),

effects as (
    select
        team,
        source_name,
        currency,
        case
            when min(score) > 2.5 then min(effective_cost - expected_cost)
            when max(score) < -2.5 then max(effective_cost - expected_cost)
        end as month_end_cost
    from last_days
    where place <= 6
    group by team, source_name, currency
    having count(*) >= 3
)

select * from effects
where month_end_cost is not null
