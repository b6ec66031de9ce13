-- One row per rule for shared cost, day it holds on and team that bears a part: the team's base and
-- the ratio. Without targets of its own a rule reaches every team that has a base, but none that
-- passes all its cost on that day, in the same step or earlier.
with

rules as (
    select * from {{ ref('shared_cost_rules') }}
),

targets as (
    select * from {{ ref('shared_cost_targets') }}
),

teams as (
    select * from {{ ref('teams') }}
),

bases as (
    select * from {{ ref('int_allocation__bases') }}
),

direct as (
    select * from {{ ref('int_allocation__direct') }}
),

days as (
    select distinct usage_date
    from direct
),

targeted_rules as (
    select distinct rule_id
    from targets
),

candidates as (
    select
        rules.rule_id,
        days.usage_date,
        teams.team,
        rules.method,
        coalesce(rules.fallback, 'keep') as fallback,
        coalesce(rules.driver_meter_id, 'direct_cost') as driver,
        targets.team is not null as is_named,
        targets.weight
    from rules
    inner join days
        on
            {{ holds_on('rules', 'days.usage_date') }}
    cross join teams
    left join targeted_rules on rules.rule_id = targeted_rules.rule_id
    left join targets
        on
            rules.rule_id = targets.rule_id
            and teams.team = targets.team
    where
        targets.team is not null
        or (
            targeted_rules.rule_id is null
            and not exists (
                select 1
                from rules as passing_on
                where
                    passing_on.from_team = teams.team
                    and passing_on.step <= rules.step
                    and num_nonnulls(
                        passing_on.source_name, passing_on.meter_id, passing_on.is_idle
                    ) = 0
                    and {{ holds_on('passing_on', 'days.usage_date') }}
            )
        )
),

based as (
    select
        candidates.rule_id,
        candidates.usage_date,
        candidates.team,
        candidates.method,
        candidates.fallback,
        (candidates.is_named or own_costs.team is not null)::integer as even_base,
        case candidates.method
            when 'even' then (candidates.is_named or own_costs.team is not null)::integer
            when 'fixed' then candidates.weight
            else coalesce(bases.base_quantity, 0)
        end as base_quantity
    from candidates
    left join bases
        on
            candidates.driver = bases.driver
            and candidates.usage_date = bases.usage_date
            and candidates.team = bases.team
    left join bases as own_costs
        on
            own_costs.driver = 'direct_cost'
            and candidates.usage_date = own_costs.usage_date
            and candidates.team = own_costs.team
),

-- A base of zero divides nothing: the stated fallback holds.
resolved as (
    select
        rule_id,
        usage_date,
        team,
        method,
        sum(base_quantity) over whole_rule = 0 as is_fallback,
        case
            when sum(base_quantity) over whole_rule > 0 then base_quantity
            when fallback = 'even' then even_base
            else 0
        end as base_quantity
    from based
    window whole_rule as (partition by rule_id, usage_date)
),

weighted as (
    select
        rule_id,
        usage_date,
        team,
        case when is_fallback then 'even' else method end as method,
        base_quantity::numeric(48, 18) as base_quantity,
        sum(base_quantity) over (partition by rule_id, usage_date)::numeric(48, 18)
            as base_total
    from resolved
    where base_quantity > 0
)

select
    rule_id,
    usage_date,
    team,
    method,
    base_quantity,
    base_total,
    round(base_quantity / base_total, 18)::numeric(38, 18) as ratio
from weighted
