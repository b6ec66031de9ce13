{#- Fails on each source name that no models/staging/<source>/_<source>__sources.yml declares. -#}
{% test is_declared_source(model, column_name) %}

select {{ column_name }}
from {{ model }}
where
    {{ column_name }} is not null
    and {{ column_name }} not in ({{ declared_names('source') }})

{% endtest %}
