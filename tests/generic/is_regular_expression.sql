{#- Fails on each row that `where` holds for and whose column PostgreSQL cannot read as a regular
    expression, with PostgreSQL's reason. -#}
{% test is_regular_expression(model, column_name, where='true') %}

select
    *,
    'is not a regular expression' as problem,
    coalesce({{ regex_error(column_name) }}, '')
    || '; put a \ before a character that stands for itself' as advice
from {{ model }}
where
    {{ where }}
    and {{ column_name }} is not null
    and not {{ is_valid_regex(column_name) }}

{% endtest %}
