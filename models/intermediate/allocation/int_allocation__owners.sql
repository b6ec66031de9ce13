{% set keys = ['attribution_key'] -%}
{{ config(
    materialized='incremental',
    pre_hook="{{ forget_stale(ref('int_allocation__rules'), [], 'rules_version') }}",
) }}

-- One row per attribution key and half-open period of days: the first rule that matches, and its
-- team. A rule's validity is a matter of the charge's own day, so a new rule changes nothing
-- before it. A key that no rule ever matches has one row without a team: nobody owns the cost.
-- What a key stands for never changes, so while rules and teams stay, only new keys are looked at.
with

profiles as (
    select attribution_key from {{ ref('int_allocation__profiles') }}
),

versions as (
    select * from {{ ref('int_allocation__rules') }}
),

missing as (
    select * from profiles
    {%- if is_incremental() %}
    where {{ is_missing('profiles', keys) | indent(4) }}
    {%- endif %}
),

attributes as (
    select * from {{ ref('int_allocation__attributes') }} as attributes
    where
        exists (
            select 1
            from missing
            where attributes.attribution_key = missing.attribution_key
        )
),

-- What is no regular expression matches nothing, and is what a test of the seed refuses.
rules as (
    select
        *,
        case when {{ is_valid_regex('value') }} then value end as value_regex
    from {{ ref('attribution_rules') }}
),

aliases as (
    select * from {{ ref('team_aliases') }}
),

teams as (
    select * from {{ ref('teams') }}
),

named as (
    select
        attributes.attribution_key,
        rules.rule_id,
        rules.priority,
        coalesce(rules.valid_from, '-infinity') as valid_from,
        coalesce(rules.valid_to, 'infinity') as valid_to,
        case when rules.team != '{value}' then rules.team end as ruled_team,
        lower(trim(attributes.attribute_value)) as named_team
    from attributes
    inner join rules
        on
            attributes.attribute = lower(rules.attribute)
            and (rules.source_name is null or attributes.source_name = rules.source_name)
    where
        case rules.operator
            when 'equals' then attributes.attribute_value = rules.value
            when 'prefix' then starts_with(attributes.attribute_value, rules.value)
            when 'regex' then attributes.attribute_value ~ rules.value_regex
            when 'exists' then true
        end
),

-- A tag whose value names no team, by itself or by an alias, is passed over: the next rule is
-- tried.
matched as (
    select
        named.attribution_key,
        named.rule_id,
        named.priority,
        named.valid_from,
        named.valid_to,
        teams.team
    from named
    left join aliases on named.named_team = lower(trim(aliases.alias))
    inner join teams
        on coalesce(named.ruled_team, aliases.team, named.named_team) = teams.team
),

edges as (
    select
        attribution_key,
        valid_from as edge
    from matched
    union
    select
        attribution_key,
        valid_to as edge
    from matched
),

periods as (
    select
        attribution_key,
        edge as valid_from,
        lead(edge) over (partition by attribution_key order by edge) as valid_to
    from edges
),

owned as (
    select distinct on (periods.attribution_key, periods.valid_from)
        periods.attribution_key,
        periods.valid_from,
        periods.valid_to,
        matched.team,
        matched.rule_id
    from periods
    inner join matched
        on
            periods.attribution_key = matched.attribution_key
            and periods.valid_from >= matched.valid_from
            and periods.valid_to <= matched.valid_to
    order by
        periods.attribution_key asc,
        periods.valid_from asc,
        matched.priority asc,
        matched.rule_id asc,
        matched.team asc
),

placed as (
    select
        missing.attribution_key,
        coalesce(owned.valid_from, '-infinity') as valid_from,
        coalesce(owned.valid_to, 'infinity') as valid_to,
        owned.team,
        owned.rule_id,
        versions.rules_version
    from missing
    cross join versions
    left join owned on missing.attribution_key = owned.attribution_key
)

select * from placed
