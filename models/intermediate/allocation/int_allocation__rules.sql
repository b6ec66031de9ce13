-- One row: what owners are found by. When it changes, every owner is looked for anew.
-- depends_on: {{ ref('attribution_rules') }}, {{ ref('team_aliases') }}, {{ ref('teams') }}
select
    {{ content_version(
        ['int_allocation__rules'], ['int_allocation__owners']
    ) | indent(4) }} as rules_version
