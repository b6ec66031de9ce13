{#- One shape for every source: the columns are named here once, so that no branch can swap two of them. -#}
{% macro union_usage(sources) -%}
{%- set columns = [
    'source_name', 'export_name', 'export_precedence', 'overlap_rule', 'account_key', 'meter_key',
    'record_key', 'resource_key', 'resource_name', 'owner_key', 'usage_start_at', 'usage_end_at',
    'quantity', 'unit', 'tags', 'load_id', 'row_number'
] -%}
{%- for source in sources %}
select {{ columns | join(', ') }} from {{ ref('int_usage__' ~ source) }}
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
{%- endmacro %}
