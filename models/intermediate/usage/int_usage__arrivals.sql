{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
    pre_hook="{{ forget_loads() }}",
) }}

-- One row per record of the exports whose records each stand for themselves, such as events. Only
-- loads that are new here are read.
with

loads as (
    select
        loads.load_id,
        versions.usage_version
    from {{ ref('stg_loader__loads') }} as loads
    inner join {{ ref('int_usage__versions') }} as versions
        on split_part(loads.export_name, '.', 1) = versions.source_name
    {%- if is_incremental() %}
    where
        not exists (
            select 1 from {{ this }} as held
            where held.load_id = loads.load_id
        )
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
