-- One row per budget: what its team and the teams below it have spent in the period, and what they
-- are expected to have spent by its end.
with

spending as (
    select * from {{ ref('int_budgets__spending') }}
),

expected as (
    select * from {{ ref('int_budgets__expected') }}
),

thresholds as (
    select * from {{ ref('int_budgets__thresholds') }}
),

clock as (
    select ({{ as_of() }} at time zone 'UTC')::date as as_of_date
),

reached as (
    select
        spending.team,
        spending.period_start,
        spending.currency,
        any_value(thresholds.thresholds) as thresholds,
        max(thresholds.threshold) filter (
            where thresholds.threshold_amount <= spending.effective_cost
        ) as passed_threshold,
        min(thresholds.threshold) filter (
            where thresholds.threshold_amount > spending.effective_cost
        ) as next_threshold
    from spending
    inner join thresholds
        on
            spending.team = thresholds.team
            and spending.period_start = thresholds.period_start
            and spending.currency = thresholds.currency
    group by spending.team, spending.period_start, spending.currency
),

-- A forecast that reaches no end of the period, or leaves out other money, is none.
combined as (
    select
        spending.*,
        reached.thresholds,
        reached.passed_threshold,
        reached.next_threshold,
        clock.as_of_date,
        expected.is_partial,
        spending.known_cost + expected.forecast_cost as forecast_cost,
        spending.known_cost + expected.lower_cost as forecast_lower_cost,
        spending.known_cost + expected.upper_cost as forecast_upper_cost
    from spending
    inner join reached
        on
            spending.team = reached.team
            and spending.period_start = reached.period_start
            and spending.currency = reached.currency
    cross join clock
    left join expected
        on
            spending.team = expected.team
            and spending.period_start = expected.period_start
            and spending.currency = expected.currency
            and spending.other_currencies is null
            and (expected.is_in_reach or spending.period_end <= clock.as_of_date)
),

status as (
    select
        team,
        period_start,
        period_end,
        amount,
        currency,
        thresholds,
        effective_cost::numeric(38, 12) as effective_cost,
        case when other_currencies is null then effective_cost / nullif(amount, 0) end
        ::numeric(38, 18) as share_of_budget,
        forecast_cost::numeric(38, 12) as forecast_cost,
        forecast_lower_cost::numeric(38, 12) as forecast_lower_cost,
        forecast_upper_cost::numeric(38, 12) as forecast_upper_cost,
        (forecast_cost / nullif(amount, 0))::numeric(38, 18) as forecast_share_of_budget,
        is_partial as is_forecast_partial,
        passed_threshold,
        next_threshold,
        other_currencies,
        case
            when effective_cost > amount then 'over'
            when other_currencies is not null then 'unknown'
            when period_start > as_of_date then 'not_started'
            when forecast_cost > amount then 'over_forecast'
            when period_end <= as_of_date then 'kept'
            else 'on_track'
        end as status
    from combined
)

select * from status
