{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
) }}

-- One row per attribution key: everything a rule may look at. A key is a digest of it, so a row
-- once written stays true; only keys that are new are added.
with

usage_records as (
    select * from {{ ref('fct_usage_hourly') }}
),

fixed_charges as (
    select
        *,
        {{ attribution_key('fixed_charges') }} as attribution_key
    from {{ ref('int_charges__fixed') }} as fixed_charges
),

new_keys as (
    select
        attribution_key,
        (array_agg(usage_id))[1] as usage_id
    from usage_records
    {%- if is_incremental() %}
    where
        not exists (
            select 1
            from {{ this }} as held
            where held.attribution_key = usage_records.attribution_key
        )
    {%- endif %}
    group by attribution_key
),

profiles as (
    select
        usage_records.attribution_key,
        usage_records.source_name,
        usage_records.account_key,
        usage_records.meter_id,
        usage_records.resource_key,
        usage_records.resource_name,
        usage_records.owner_key,
        usage_records.tags
    from new_keys
    inner join usage_records on new_keys.usage_id = usage_records.usage_id
    union all
    select distinct
        attribution_key,
        source_name,
        account_key,
        meter_id,
        resource_key,
        resource_name,
        owner_key,
        tags
    from fixed_charges
    {%- if is_incremental() %}
    where
        not exists (
            select 1
            from {{ this }} as held
            where held.attribution_key = fixed_charges.attribution_key
        )
    {%- endif %}
)

select * from profiles
