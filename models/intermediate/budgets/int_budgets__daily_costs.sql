-- One row per budget and UTC day of its period with a cost of its team or the teams below it, in
-- each currency they cost. Days that are still to come have their part of fixed charges.
with

budgets as (
    select * from {{ ref('budgets') }}
),

members as (
    select * from {{ ref('int_budgets__teams') }}
),

costs as (
    select * from {{ ref('rpt_costs_daily') }}
),

clock as (
    select ({{ as_of() }} at time zone 'UTC')::date as as_of_date
),

daily as (
    select
        team,
        currency,
        usage_date,
        sum(effective_cost) as effective_cost
    from costs
    group by team, currency, usage_date
),

spent as (
    select
        budgets.team,
        budgets.period_start,
        budgets.currency,
        daily.currency as cost_currency,
        daily.usage_date,
        daily.usage_date <= clock.as_of_date as is_spent,
        sum(daily.effective_cost) as effective_cost
    from budgets
    inner join members on budgets.team = members.budget_team
    inner join daily
        on
            members.team = daily.team
            and budgets.period_start <= daily.usage_date
            and budgets.period_end > daily.usage_date
    cross join clock
    group by
        budgets.team,
        budgets.period_start,
        budgets.currency,
        daily.currency,
        daily.usage_date,
        clock.as_of_date
)

select * from spent
