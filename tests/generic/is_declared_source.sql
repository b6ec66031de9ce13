{#- Fails on each source name that no models/staging/<source>/_<source>__sources.yml declares. -#}
{% test is_declared_source(model, column_name) %}

{%- set names = [] -%}
{%- if execute -%}
    {%- for node in graph.sources.values() -%}
        {%- do names.append(node.source_name) -%}
    {%- endfor -%}
{%- endif %}

select {{ column_name }}
from {{ model }}
where
    {{ column_name }} is not null
    and {{ column_name }} not in ('{{ names | unique | sort | join("', '") }}')

{% endtest %}
