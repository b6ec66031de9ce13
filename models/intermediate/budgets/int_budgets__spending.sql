-- One row per budget: what was spent in its period so far, and what is known to be.
with

budgets as (
    select * from {{ ref('budgets') }}
),

daily_costs as (
    select * from {{ ref('int_budgets__daily_costs') }}
),

spending as (
    select
        budgets.team,
        budgets.period_start,
        budgets.period_end,
        budgets.amount,
        budgets.currency,
        coalesce(
            sum(daily_costs.effective_cost) filter (
                where daily_costs.cost_currency = budgets.currency and daily_costs.is_spent
            ),
            0
        ) as effective_cost,
        coalesce(
            sum(daily_costs.effective_cost) filter (
                where daily_costs.cost_currency = budgets.currency
            ),
            0
        ) as known_cost,
        string_agg(distinct daily_costs.cost_currency, ';') filter (
            where
            daily_costs.cost_currency != budgets.currency
            and daily_costs.effective_cost != 0
        ) as other_currencies
    from budgets
    left join daily_costs
        on
            budgets.team = daily_costs.team
            and budgets.period_start = daily_costs.period_start
            and budgets.currency = daily_costs.currency
    group by
        budgets.team, budgets.period_start, budgets.period_end, budgets.amount, budgets.currency
)

select * from spending
