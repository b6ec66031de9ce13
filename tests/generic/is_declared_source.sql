{#- Fails on each source name that no models/staging/<source>/_<source>__sources.yml declares. -#}
{% test is_declared_source(model, column_name) %}

select
    {{ column_name }},
    'is not a declared source' as problem,
    'loader sources lists those that are' as advice
from {{ model }}
where
    {{ column_name }} is not null
    and {{ column_name }} not in ({{ declared_names('source') }})

{% endtest %}
