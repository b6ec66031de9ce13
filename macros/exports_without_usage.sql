{#- The exports whose declaration says that their rows are no usage (config.meta.usage: false), as a
    list of SQL strings. -#}
{% macro exports_without_usage() -%}
{%- set names = ["''"] -%}
{%- if execute -%}
    {%- for node in graph.sources.values() if node.config.meta.get('usage') is false -%}
        {%- do names.append("'" ~ node.source_name ~ '.' ~ node.name ~ "'") -%}
    {%- endfor -%}
{%- endif -%}
{{ names | sort | join(', ') }}
{%- endmacro %}
