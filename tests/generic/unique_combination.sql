{#- Fails on each combination of the columns that stands more than once. Nulls are values here. -#}
{% test unique_combination(model, columns) %}

select
    {{ columns | join(', ') }},
    count(*) as occurrences,
    'stands more than once' as problem,
    'keep one of the rows, or tell them apart by {{ columns | join(', ') }}' as advice
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
