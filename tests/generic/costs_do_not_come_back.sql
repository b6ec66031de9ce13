{#- Fails on each target of a shared cost through which cost comes back to the team that shares it, by
    rules whose periods share days. A team among its own targets keeps a part and is no circle. -#}
{% test costs_do_not_come_back(model, rules) %}

with recursive

edges as (
    select
        targets.rule_id,
        rules.from_team,
        targets.team,
        daterange(rules.valid_from, rules.valid_to) as days
    from {{ model }} as targets
    inner join {{ rules }} as rules on targets.rule_id = rules.rule_id
    where
        targets.team != rules.from_team
        -- A period that is turned round is found by another test, and is no range.
        and coalesce(rules.valid_from < rules.valid_to, true)
),

ways as (
    select
        rule_id,
        team,
        days,
        array[from_team, team] as way
    from edges
    union all
    select
        ways.rule_id,
        ways.team,
        ways.days * edges.days as days,
        ways.way || edges.team as way
    from ways
    inner join edges
        on
            ways.way[cardinality(ways.way)] = edges.from_team
            and ways.days && edges.days
    where
        ways.way[1] != ways.way[cardinality(ways.way)]
        and edges.team != all(ways.way[2:])
)

select
    rule_id,
    team,
    'sends cost back to the team that shares it: ' || array_to_string(way, ' > ') as problem,
    'leave out a target, so that cost goes from step to step one way' as advice
from ways
where way[1] = way[cardinality(way)]

{% endtest %}
