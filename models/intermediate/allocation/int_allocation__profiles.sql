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

-- A fixed charge may look like usage without resource, owner and tags, and then has its key.
unioned as (
    select
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
    union all
    select
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

profiles as (
    select
        attribution_key,
        any_value(source_name) as source_name,
        any_value(account_key) as account_key,
        any_value(meter_id) as meter_id,
        any_value(resource_key) as resource_key,
        any_value(resource_name) as resource_name,
        any_value(owner_key) as owner_key,
        any_value(tags) as tags
    from unioned
    group by attribution_key
)

select * from profiles
