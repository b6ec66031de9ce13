{#- Fails on each row whose list, entries joined by semicolons, has an entry with nothing in it. -#}
{% test list_is_complete(model, column_name) %}

select *
from {{ model }}
where '' = any({{ list_cell(column_name) }})

{% endtest %}
