{#- What the sources declare, as a list of SQL strings: `source` gives their names, `export` source and
    table joined by a dot; `usage` false, only exports whose declaration says that their rows are no
    usage (config.meta.usage). The empty string keeps the list from being empty. -#}
{% macro declared_names(kind, usage=none) -%}
{%- set names = [''] -%}
{%- if execute -%}
    {%- for node in graph.sources.values() if usage is none or node.config.meta.get('usage') is sameas usage -%}
        {%- do names.append(node.source_name if kind == 'source' else node.source_name ~ '.' ~ node.name) -%}
    {%- endfor -%}
{%- endif -%}
'{{ names | unique | sort | join("', '") }}'
{%- endmacro %}
