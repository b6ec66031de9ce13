{% set keys = ['load_id'] -%}
{{ config(
    materialized='incremental',
    pre_hook="{{ forget_stale(ref('int_usage__loads'), " ~ keys ~ ", 'usage_version') }}",
) }}

-- One row per record of the exports whose records each stand for themselves, such as events. Only
-- loads that are new here are read.
with

loads as (
    select * from {{ ref('int_usage__loads') }}
    {%- if is_incremental() %}
    where {{ is_missing('int_usage__loads', keys) | indent(4) }}
    {%- endif %}
),

usage_records as (
    {{ union_usage(loads='loads') | indent(4) }}
),

arrivals as (
    select
        usage_records.load_id,
        usage_records.row_number,
        usage_records.source_name,
        usage_records.export_name,
        usage_records.usage_group,
        usage_records.account_key,
        usage_records.usage_start_at,
        usage_records.meter_key,
        usage_records.unit,
        usage_records.record_key,
        usage_records.occurred_at,
        usage_records.is_in_window,
        usage_records.quantity,
        loads.usage_version
    from usage_records
    inner join loads on usage_records.load_id = loads.load_id
    where usage_records.overlap_rule = 'record'
)

select * from arrivals
