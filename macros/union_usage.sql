{#- One shape for every source: the columns are named here once, so that no branch can swap two of
    them. `loads` names a relation of loads to read; as an array it reaches the scan of the raw table,
    so that no other load's rows are cast. -#}
{% macro union_usage(loads=none) -%}
{%- set columns = [
    'source_name', 'export_name', 'usage_group', 'export_precedence', 'overlap_rule', 'account_key',
    'meter_key', 'record_key', 'copy_key', 'measure_number', 'resource_key', 'resource_name',
    'owner_key', 'usage_start_at', 'occurred_at', 'is_in_window', 'quantity', 'unit',
    'tags', 'load_id', 'row_number'
] -%}
{%- for source in var('usage_sources') %}
select {{ columns | join(', ') }}, source_name || ':' || meter_key as meter_id from {{ ref('int_usage__' ~ source) }}
{%- if loads %}
where load_id = any(array(select distinct {{ loads }}.load_id from {{ loads }}))
{%- endif %}
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
{%- endmacro %}
