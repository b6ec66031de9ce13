{% set keys = ['attribution_key'] -%}
{{ config(materialized='incremental') }}

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

used as (
    select distinct on (attribution_key)
        attribution_key,
        source_name,
        account_key,
        meter_id,
        resource_key,
        resource_name,
        owner_key,
        tags
    from usage_records
    {%- if is_incremental() %}
    where {{ is_missing('usage_records', keys) | indent(4) }}
    {%- endif %}
),

charged as (
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
    where {{ is_missing('fixed_charges', keys) | indent(4) }}
    {%- endif %}
),

-- A fixed charge may look like usage without resource, owner and tags, and then has its key.
profiles as (
    select * from used
    union all
    select charged.*
    from charged
    left join used on charged.attribution_key = used.attribution_key
    where used.attribution_key is null
)

select * from profiles
