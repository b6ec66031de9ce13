-- One row per budget: what its team and the teams below it have spent in the period.
with recursive

budgets as (
    select * from {{ ref('budgets') }}
),

teams as (
    select * from {{ ref('teams') }}
),

costs as (
    select * from {{ ref('rpt_costs_daily') }}
),

members as (
    select
        team as budget_team,
        team
    from teams
    union
    select
        members.budget_team,
        teams.team
    from members
    inner join teams on members.team = teams.parent_team
),

spending as (
    select
        budgets.team,
        budgets.period_start,
        budgets.period_end,
        budgets.amount,
        budgets.currency,
        budgets.thresholds,
        coalesce(sum(costs.effective_cost), 0)::numeric(38, 12) as effective_cost
    from budgets
    inner join members on budgets.team = members.budget_team
    left join costs
        on
            members.team = costs.team
            and budgets.currency = costs.currency
            and budgets.period_start <= costs.usage_date
            and budgets.period_end > costs.usage_date
    group by
        budgets.team,
        budgets.period_start,
        budgets.period_end,
        budgets.amount,
        budgets.currency,
        budgets.thresholds
),

shared as (
    select
        *,
        (effective_cost / nullif(amount, 0))::numeric(38, 18) as share_of_budget
    from spending
)

select * from shared
