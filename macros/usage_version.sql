{#- Everything above a node in the project, models and seeds. -#}
{% macro ancestors_of(unique_id, found) -%}
    {%- for parent in (graph.nodes if graph.nodes is defined else {}).get(unique_id, {}).get('depends_on', {}).get('nodes', []) -%}
        {%- if parent in graph.nodes and parent not in found -%}
            {%- do found.append(parent) -%}
            {%- do ancestors_of(parent, found) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{#- A digest of the models named, as they are written. -#}
{% macro checksum_of(names) -%}
{%- set checksums = [] -%}
{%- if graph.nodes is defined -%}
    {%- for name in names -%}
        {%- do checksums.append(graph.nodes['model.usage_costs.' ~ name].checksum.checksum) -%}
    {%- endfor -%}
{%- endif -%}
{{ local_md5(checksums | join(',')) }}
{%- endmacro %}

{#- An expression that changes when the models that make a source's usage change, or the rows of the
    seeds they read. A seed with a column source_name counts with the source's own rows alone. -#}
{% macro usage_version(source) -%}
{%- set ancestors = ['model.usage_costs.int_usage__' ~ source] -%}
{%- do ancestors_of(ancestors[0], ancestors) -%}
{%- set checksums = [checksum_of(['int_usage__slices', 'int_usage__arrivals', 'fct_usage_hourly'])] -%}
md5(concat_ws(
    ',',
    {%- for unique_id in ancestors | sort if graph.nodes is defined %}
        {%- set node = graph.nodes[unique_id] %}
        {%- if node.resource_type == 'model' %}
            {%- do checksums.append(node.checksum.checksum) %}
        {%- else %}
    (
        select md5(string_agg(seed::text, e'\n' order by seed::text collate "C"))
        from {{ node.relation_name }} as seed
        {%- if 'source_name' in node.columns %}
        where seed.source_name = '{{ source }}'
        {%- endif %}
    ),
        {%- endif %}
    {%- endfor %}
    '{{ local_md5(checksums | join(',')) }}'
))::uuid
{%- endmacro %}
