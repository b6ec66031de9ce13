{#- Fails on each row that is above itself, directly or in a circle; the column names the row above,
    by `id`. -#}
{% test forms_a_tree(model, column_name, id) %}

with recursive

ancestors as (
    select
        {{ id }},
        {{ column_name }},
        {{ column_name }} as ancestor,
        array[{{ id }}] as way
    from {{ model }}
    union all
    select
        ancestors.{{ id }},
        ancestors.{{ column_name }},
        parents.{{ column_name }} as ancestor,
        ancestors.way || parents.{{ id }} as way
    from ancestors
    inner join {{ model }} as parents on ancestors.ancestor = parents.{{ id }}
    where parents.{{ id }} != all(ancestors.way)
)

select
    {{ id }},
    {{ column_name }},
    'leads back to itself: ' || array_to_string(way || ancestor, ' < ') as problem,
    'end the circle: leave the cell of the topmost one empty' as advice
from ancestors
where {{ id }} = ancestor

{% endtest %}
