{#- Fails on each row whose column is itself replaced by another row: aliases are followed once, so a
    chain or a circle of them would end in the middle. -#}
{% test is_final(model, column_name, id) %}

select
    mapped.{{ id }},
    mapped.{{ column_name }},
    'is an alias itself' as problem,
    'write what it stands for in the end' as advice
from {{ model }} as mapped
where exists (
    select 1
    from {{ model }} as others
    where others.{{ id }} = mapped.{{ column_name }}
)

{% endtest %}
