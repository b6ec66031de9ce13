{#- Fails on each row whose list, entries joined by semicolons, has an entry with nothing in it. -#}
{% test list_is_complete(model, column_name) %}

select
    *,
    'is a list with an empty entry' as problem,
    'write entries between semicolons; a semicolon inside an entry is \;' as advice
from {{ model }}
where '' = any({{ list_cell(column_name) }})

{% endtest %}
