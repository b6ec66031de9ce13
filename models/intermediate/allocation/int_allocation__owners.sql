-- One row per attribution key and day it has charges on: the first rule that matches, and its team.
-- A rule's validity is a matter of the charge's own day, so a new rule changes nothing before it.
with

charges as (
    select * from {{ ref('fct_charges') }}
),

attributes as (
    select * from {{ ref('int_allocation__attributes') }}
),

rules as (
    select * from {{ ref('attribution_rules') }}
),

teams as (
    select * from {{ ref('teams') }}
),

charged_days as (
    select distinct
        attribution_key,
        charge_date
    from charges
),

matched as (
    select
        attributes.attribution_key,
        rules.rule_id,
        rules.priority,
        rules.valid_from,
        rules.valid_to,
        case rules.team
            when '{value}' then lower(trim(attributes.attribute_value))
            else rules.team
        end as team
    from attributes
    inner join rules
        on
            attributes.attribute = lower(rules.attribute)
            and (rules.source_name is null or attributes.source_name = rules.source_name)
    where
        case rules.operator
            when 'equals' then attributes.attribute_value = rules.value
            when 'prefix' then starts_with(attributes.attribute_value, rules.value)
            when 'regex' then attributes.attribute_value ~ rules.value
            when 'exists' then true
        end
),

-- A tag whose value names no team is passed over, and the next rule is tried.
owned as (
    select distinct on (charged_days.attribution_key, charged_days.charge_date)
        charged_days.attribution_key,
        charged_days.charge_date,
        matched.team,
        matched.rule_id
    from charged_days
    inner join matched
        on
            charged_days.attribution_key = matched.attribution_key
            and (matched.valid_from is null or charged_days.charge_date >= matched.valid_from)
            and (matched.valid_to is null or charged_days.charge_date < matched.valid_to)
    inner join teams on matched.team = teams.team
    order by
        charged_days.attribution_key asc,
        charged_days.charge_date asc,
        matched.priority asc,
        matched.rule_id asc,
        matched.team asc
)

select * from owned
