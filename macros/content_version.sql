{#- Everything above a node in the project, models and seeds. -#}
{% macro ancestors_of(unique_id, found) -%}
    {%- for parent in (graph.nodes if graph.nodes is defined else {}).get(unique_id, {}).get('depends_on', {}).get('nodes', []) -%}
        {%- if parent in graph.nodes and parent not in found -%}
            {%- do found.append(parent) -%}
            {%- do ancestors_of(parent, found) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{#- What macros write into models that keep their rows. No checksum of a model covers its macros, so
    these count for every one. -#}
{% macro written_by_macros() -%}
{{ attribution_key('usage') }}
{{ usage_id('usage', 1) }}
{{ cost_at('prices', 'price', 'quantity', 'exchange_rate') }}
{{ exchange_rate('currency', 'rates') }}
{{ is_valid_regex('value') }}
{%- endmacro %}

{#- A digest of the models named and of macros, as they are written. -#}
{% macro checksum_of(names) -%}
{%- set checksums = [local_md5(written_by_macros())] -%}
{%- if graph.nodes is defined -%}
    {%- for name in names -%}
        {%- do checksums.append(graph.nodes['model.usage_costs.' ~ name].checksum.checksum) -%}
    {%- endfor -%}
{%- endif -%}
{{ local_md5(checksums | join(',')) }}
{%- endmacro %}

{#- An expression that changes when a model named, or one above them, changes, or the rows of the seeds
    those read; `also` names models that count as they are written, without what is above them. With a
    source, a seed with a column source_name counts with the source's own rows alone. -#}
{% macro content_version(names, also=[], source=none) -%}
{%- set ancestors = [] -%}
{%- for name in names -%}
    {%- do ancestors.append('model.usage_costs.' ~ name) -%}
{%- endfor -%}
{%- for unique_id in ancestors | list -%}
    {%- do ancestors_of(unique_id, ancestors) -%}
{%- endfor -%}
{%- set checksums = [checksum_of(also)] -%}
md5(concat_ws(
    ',',
    {%- for unique_id in ancestors | unique | sort if graph.nodes is defined %}
        {%- set node = graph.nodes[unique_id] %}
        {%- if node.resource_type == 'model' %}
            {%- do checksums.append(node.checksum.checksum) %}
        {%- else %}
    (
        select md5(string_agg(seed::text, e'\n' order by seed::text collate "C"))
        from {{ node.relation_name }} as seed
        {%- if source and 'source_name' in node.columns %}
        where seed.source_name = '{{ source }}'
        {%- endif %}
    ),
        {%- endif %}
    {%- endfor %}
    '{{ local_md5(checksums | join(',')) }}'
))::uuid
{%- endmacro %}

{#- What a source's usage is made by: its own models and seeds, and what every source goes through. -#}
{% macro usage_version(source) -%}
{{ content_version(
    ['int_usage__' ~ source], ['int_usage__slices', 'int_usage__arrivals', 'fct_usage_hourly'], source
) }}
{%- endmacro %}
