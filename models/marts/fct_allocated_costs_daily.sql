-- One row per day, team, source, service, account, currency and the way the cost got to the team:
-- where every line of cost ends. Cost no rule gives to a team stays, as the team 'unallocated'.
with

lines as (
    select * from {{ ref('int_allocation__lines') }}
    where taken_by_rule_id is null
),

teams as (
    select * from {{ ref('teams') }}
),

daily as (
    select
        lines.usage_date,
        lines.billing_period,
        lines.team,
        teams.cost_centre,
        lines.source_name,
        lines.service_name,
        lines.account_key,
        lines.step > 0 as is_shared,
        lines.step,
        lines.from_team,
        lines.rule_id as allocation_rule_id,
        lines.method,
        lines.ratio,
        lines.currency,
        sum(lines.list_cost)::numeric(38, 12) as list_cost,
        sum(lines.contracted_cost)::numeric(38, 12) as contracted_cost,
        sum(lines.effective_cost)::numeric(38, 12) as effective_cost,
        sum(lines.billed_cost)::numeric(38, 12) as billed_cost,
        sum(lines.charges)::bigint as charges
    from lines
    left join teams on lines.team = teams.team
    group by
        lines.usage_date,
        lines.billing_period,
        lines.team,
        teams.cost_centre,
        lines.source_name,
        lines.service_name,
        lines.account_key,
        lines.step,
        lines.from_team,
        lines.rule_id,
        lines.method,
        lines.ratio,
        lines.currency
)

select * from daily
