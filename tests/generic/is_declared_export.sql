{#- Fails on each export, source and table joined by a dot, that no _<source>__sources.yml declares. -#}
{% test is_declared_export(model, column_name) %}

select
    {{ column_name }},
    'is not a declared export' as problem,
    'loader sources lists those that are' as advice
from {{ model }}
where
    {{ column_name }} is not null
    and {{ column_name }} not in ({{ declared_names('export') }})

{% endtest %}
