-- One row per rule, month and currency: the cost that is divided.
with recursive

rules as (
    select * from {{ ref('unit_cost_rules') }}
),

teams as (
    select * from {{ ref('dim_teams') }}
),

costs as (
    select * from {{ ref('rpt_costs_daily') }}
),

members as (
    select
        team as rule_team,
        team
    from teams
    union
    select
        members.rule_team,
        teams.team
    from members
    inner join teams on members.team = teams.parent_team
),

divided_costs as (
    select
        date_trunc('month', costs.usage_date::timestamp)::date as billing_period,
        rules.rule_id,
        costs.currency,
        sum(costs.effective_cost)::numeric(38, 12) as effective_cost
    from rules
    inner join costs
        on
            coalesce(rules.source_name, costs.source_name) = costs.source_name
            and {{ holds_on('rules', 'costs.usage_date') }}
    left join members on rules.team = members.rule_team and costs.team = members.team
    where rules.team is null or members.team is not null
    group by
        date_trunc('month', costs.usage_date::timestamp)::date, rules.rule_id, costs.currency
)

select * from divided_costs
