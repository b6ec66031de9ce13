{% set keys = ['attribution_key'] -%}
{% set columns = {
    'account_key': 'account_key',
    'meter_id': 'meter_id',
    'resource_key': 'resource_key',
    'resource_name': 'resource_name',
    'owner': 'owner_key',
} -%}
{% set conditions = [
    "rules.operator = 'equals' and attributes.attribute_value = rules.value",
    "rules.operator != 'equals'
        and case rules.operator
            when 'prefix' then starts_with(attributes.attribute_value, rules.value)
            when 'regex' then attributes.attribute_value ~ rules.value_regex
            when 'exists' then true
        end",
] -%}
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
    select * from {{ ref('int_allocation__profiles') }}
),

versions as (
    select * from {{ ref('int_allocation__rules') }}
),

missing as {{ '' if is_incremental() else 'not ' }}materialized (
    select * from profiles
    {%- if is_incremental() %}
    where {{ is_missing('profiles', keys) | indent(4) }}
    {%- endif %}
),

-- What is no regular expression matches nothing, and is what a test of the seed refuses.
rules as (
    select
        *,
        lower(attribute) as rule_attribute,
        case when {{ is_valid_regex('value') }} then value end as value_regex
    from {{ ref('attribution_rules') }}
),

aliases as (
    select * from {{ ref('team_aliases') }}
),

teams as (
    select * from {{ ref('teams') }}
),

-- What no rule of a source names need not be looked at.
asked as (
    select
        rule_attribute as attribute,
        bool_or(source_name is null) as is_of_every_source,
        array_agg(source_name) as source_names
    from rules
    group by rule_attribute
),

-- Tag keys are folded to lower case, because teams spell them differently.
attributes as (
    {%- for attribute, column in columns.items() %}
    select
        missing.attribution_key,
        missing.source_name,
        asked.attribute,
        missing.{{ column }} as attribute_value
    from missing
    inner join asked
        on
            asked.attribute = '{{ attribute }}'
            and (asked.is_of_every_source or missing.source_name = any(asked.source_names))
    where missing.{{ column }} is not null
    union all
    {%- endfor %}
    select
        missing.attribution_key,
        missing.source_name,
        asked.attribute,
        tags.tag_value as attribute_value
    from missing
    cross join lateral jsonb_each_text(missing.tags) as tags (tag_key, tag_value)
    inner join asked
        on
            'tag.' || lower(tags.tag_key) = asked.attribute
            and (asked.is_of_every_source or missing.source_name = any(asked.source_names))
    where tags.tag_value is not null
),

-- Equal values are found by hashing, however many rules there are; the others are tried one by one.
named as (
    {%- for condition in conditions %}
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
            attributes.attribute = rules.rule_attribute
            and (rules.source_name is null or attributes.source_name = rules.source_name)
    where {{ condition }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
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
