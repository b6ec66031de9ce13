-- One row per budget and threshold that was reached: the first day on which the running total of
-- its period was at or above it. Made from the data alone, so that each build tells the same.
with

thresholds as (
    select * from {{ ref('int_budgets__thresholds') }}
),

daily_costs as (
    select * from {{ ref('int_budgets__daily_costs') }}
),

clock as (
    select date_trunc('hour', {{ as_of() }}, 'UTC') as as_of_at
),

running as (
    select
        team,
        period_start,
        currency,
        usage_date,
        effective_cost as day_cost,
        sum(effective_cost) over (
            partition by team, period_start, currency order by usage_date
        ) as running_cost
    from daily_costs
    where cost_currency = currency and is_spent
),

reached as (
    select
        thresholds.*,
        running.usage_date,
        running.day_cost,
        running.running_cost,
        row_number() over (
            partition by
                thresholds.team,
                thresholds.period_start,
                thresholds.currency,
                thresholds.threshold
            order by running.usage_date
        ) as place
    from thresholds
    inner join running
        on
            thresholds.team = running.team
            and thresholds.period_start = running.period_start
            and thresholds.currency = running.currency
            and thresholds.threshold_amount <= running.running_cost
),

-- Shared cost and fixed charges are of days, not of hours: within its day, cost counts as even.
timed as (
    select
        *,
        least(23, floor(
            24 * (threshold_amount - (running_cost - day_cost)) / nullif(day_cost, 0)
        )::integer) as hours_needed
    from reached
    where place = 1
),

alerts as (
    select
        md5(
            row('budget', team, to_char(period_start, 'YYYY-MM-DD'), currency, threshold)::text
        )::uuid as alert_id,
        team,
        period_start,
        period_end,
        amount,
        currency,
        threshold,
        threshold_amount,
        usage_date as crossed_on,
        least(
            usage_date::timestamp at time zone 'UTC'
            + interval '1 hour' * greatest(0, coalesce(hours_needed, 0)),
            (select clock.as_of_at from clock)
        ) as crossed_at,
        running_cost::numeric(38, 12) as effective_cost
    from timed
)

select * from alerts
