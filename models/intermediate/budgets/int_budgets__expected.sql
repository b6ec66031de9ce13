-- One row per budget: what its team and the teams below it are expected to cost in its period
-- beside what is known already.
with

budgets as (
    select * from {{ ref('budgets') }}
),

members as (
    select * from {{ ref('int_budgets__teams') }}
),

forecast as (
    select * from {{ ref('rpt_cost_forecast') }}
),

horizon as (
    select max(usage_date) as last_date
    from forecast
),

daily as (
    select
        team,
        currency,
        usage_date,
        sum(forecast_cost - coalesce(known_cost, 0)) as forecast_cost,
        sum(lower_cost - coalesce(known_cost, 0)) as lower_cost,
        sum(upper_cost - coalesce(known_cost, 0)) as upper_cost,
        bool_or(forecast_cost is null) as is_partial
    from forecast
    group by team, currency, usage_date
),

expected as (
    select
        budgets.team,
        budgets.period_start,
        budgets.currency,
        coalesce(budgets.period_end <= any_value(horizon.last_date) + 1, false) as is_in_reach,
        coalesce(sum(daily.forecast_cost), 0) as forecast_cost,
        coalesce(sum(daily.lower_cost), 0) as lower_cost,
        coalesce(sum(daily.upper_cost), 0) as upper_cost,
        coalesce(bool_or(daily.is_partial), false) as is_partial
    from budgets
    inner join members on budgets.team = members.budget_team
    cross join horizon
    left join daily
        on
            members.team = daily.team
            and budgets.currency = daily.currency
            and budgets.period_start <= daily.usage_date
            and budgets.period_end > daily.usage_date
    group by budgets.team, budgets.period_start, budgets.period_end, budgets.currency
)

select * from expected
