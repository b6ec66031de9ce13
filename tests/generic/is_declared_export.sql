{#- Fails on each export, source and table joined by a dot, that no _<source>__sources.yml declares. -#}
{% test is_declared_export(model, column_name) %}

{%- set names = [] -%}
{%- if execute -%}
    {%- for node in graph.sources.values() -%}
        {%- do names.append(node.source_name ~ '.' ~ node.name) -%}
    {%- endfor -%}
{%- endif %}

select {{ column_name }}
from {{ model }}
where
    {{ column_name }} is not null
    and {{ column_name }} not in ('{{ names | sort | join("', '") }}')

{% endtest %}
