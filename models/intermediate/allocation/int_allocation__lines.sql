-- sqlfluff:exclude_rules:ST05,ST06,LT02,LT05,LT09,RF04
{#- Unrolled by step: layout cannot hold inside the loops. A line's rule is looked up by a subquery,
    since a join would multiply the lines that more than one rule matches. -#}
{% set costs = ['list_cost', 'contracted_cost', 'effective_cost', 'billed_cost'] -%}
{%- set line = [
    'usage_date', 'billing_period', 'source_name', 'service_name', 'account_key', 'meter_id', 'is_idle', 'currency',
] -%}
{%- set steps = range(1, var('shared_cost_steps') + 1) -%}

-- Every line of cost on its way to the team that bears it: step 0 is what rules gave directly, each
-- later step what its pools were split into. A line that a later step takes into a pool names the
-- rule that took it; the others are where the cost ends. A pool adds up what came from the
-- steps before it.
with

direct as (
    select * from {{ ref('int_allocation__direct') }}
),

weights as (
    select * from {{ ref('int_allocation__weights') }}
),

rules as (
    select * from {{ ref('shared_cost_rules') }}
),

-- A rule takes something on the days it holds and has a base, or a fallback.
taking as (
    select
        rules.rule_id,
        rules.step,
        rules.from_team,
        rules.source_name,
        rules.meter_id,
        rules.is_idle,
        range_agg(daterange(weights.usage_date, weights.usage_date + 1)) as active_days
    from rules
    inner join weights on rules.rule_id = weights.rule_id
    group by
        rules.rule_id,
        rules.step,
        rules.from_team,
        rules.source_name,
        rules.meter_id,
        rules.is_idle
),

lines_0 as (
    select
        0 as step,
        direct.{{ line | join(',
        direct.') }},
        null::text as from_team,
        direct.team,
        direct.rule_id,
        case when direct.rule_id is null then 'unallocated' else 'direct' end as method,
        null::numeric as base_quantity,
        null::numeric as base_total,
        1::numeric as ratio,
        direct.{{ costs | join(',
        direct.') }},
        direct.charges,
        {{ taken_by('direct', 0) | indent(8) }} as taken_by_rule_id
    from direct
),
{% for step in steps %}
pools_{{ step }} as (
    select
        row_number() over () as pool_number,
        held.{{ line | join(',
        held.') }},
        held.team,
        held.taken_by_rule_id as rule_id,
        {%- for cost in costs %}
        sum(held.{{ cost }}) as {{ cost }},
        {%- endfor %}
        sum(held.charges) as charges
    from (
        {%- for earlier in range(step) %}
        select * from lines_{{ earlier }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as held
    inner join rules
        on
            held.taken_by_rule_id = rules.rule_id
            and rules.step = {{ step }}
    group by
        held.{{ line | join(',
        held.') }},
        held.team,
        held.taken_by_rule_id
),

weighed_{{ step }} as (
    select
        pools.*,
        weights.team as to_team,
        weights.method,
        weights.base_quantity,
        weights.base_total,
        weights.ratio,
        {%- for cost in costs %}
        {{ split_floor('pools.' ~ cost, 'weights.base_quantity', 'weights.base_total') }} as {{ cost }}_floor,
        {{ split_rest('pools.' ~ cost, 'weights.base_quantity', 'weights.base_total') | indent(8) }} as {{ cost }}_rest{{ ',' if not loop.last }}
        {%- endfor %}
    from pools_{{ step }} as pools
    inner join weights
        on
            pools.rule_id = weights.rule_id
            and pools.usage_date = weights.usage_date
),

shares_{{ step }} as (
    select
        {{ line | join(',
        ') }},
        team as from_team,
        to_team as team,
        rule_id,
        method,
        base_quantity,
        base_total,
        ratio,
        {%- for cost in costs %}
        {{ split_share(cost, cost ~ '_floor', cost ~ '_rest', 'pool_number', 'to_team') | indent(8) }} as {{ cost }},
        {%- endfor %}
        charges
    from weighed_{{ step }}
),

lines_{{ step }} as (
    select
        {{ step }} as step,
        shares.{{ line | join(',
        shares.') }},
        shares.from_team,
        shares.team,
        shares.rule_id,
        shares.method,
        shares.base_quantity,
        shares.base_total,
        shares.ratio,
        shares.{{ costs | join(',
        shares.') }},
        shares.charges,
        {{ taken_by('shares', step) | indent(8) }} as taken_by_rule_id
    from shares_{{ step }} as shares
),
{% endfor %}
all_lines as (
    {%- for step in range(var('shared_cost_steps') + 1) %}
    select * from lines_{{ step }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    step,
    {{ line | join(',
    ') }},
    from_team,
    team,
    rule_id,
    method,
    base_quantity::numeric(48, 18) as base_quantity,
    base_total::numeric(48, 18) as base_total,
    ratio::numeric(38, 18) as ratio,
    {%- for cost in costs %}
    {{ cost }}::numeric(38, 12) as {{ cost }},
    {%- endfor %}
    charges::bigint as charges,
    taken_by_rule_id
from all_lines
