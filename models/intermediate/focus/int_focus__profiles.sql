{% set keys = ['attribution_key'] -%}
{{ config(
    materialized='incremental',
    pre_hook="{{ forget_stale(ref('int_focus__mapping'), [], 'mapping_version') }}",
) }}

-- One row per attribution key of a meter that is charged: every FOCUS column that depends on who
-- charges what for which resource, and not on the single charge. What a key stands for never
-- changes, so while the mapping stays, only new keys are looked at.
with

charged as (
    select meter_id from {{ ref('int_charges__due') }}
    union
    select meter_id from {{ ref('int_charges__fixed') }}
),

mapping as (
    select * from {{ ref('int_focus__mapping') }}
),

all_profiles as (
    select profiles.*
    from {{ ref('int_allocation__profiles') }} as profiles
    inner join charged on profiles.meter_id = charged.meter_id
),

profiles as (
    select * from all_profiles
    {%- if is_incremental() %}
    where {{ is_missing('all_profiles', keys) | indent(4) }}
    {%- endif %}
),

meters as (
    select * from {{ ref('int_focus__meters') }}
),

accounts as (
    select * from {{ ref('accounts') }}
),

providers as (
    select * from {{ ref('focus_providers') }}
),

-- The prefix of each key that the provider sets itself.
prefixes as (
    select
        provider_tags.source_name,
        jsonb_object_agg(provider_tags.tag_key, providers.tag_prefix) as prefix_by_key
    from {{ ref('focus_provider_tags') }} as provider_tags
    inner join providers on provider_tags.source_name = providers.source_name
    group by provider_tags.source_name
),

regions as (
    select
        region,
        min(region_name) as region_name
    from {{ ref('databricks_regions') }}
    group by region
),

related as (
    select
        profiles.attribution_key,
        profiles.account_key,
        profiles.resource_key,
        profiles.resource_name,
        profiles.source_name || ':account/' || profiles.account_key as account_id,
        accounts.account_name,
        accounts.billing_account_key,
        accounts.billing_account_name,
        providers.billing_account_type,
        providers.sub_account_type,
        case
            when providers.sub_account_attribute = 'account_key' then profiles.account_key
            when providers.sub_account_attribute = 'resource_key' then profiles.resource_key
            else profiles.tags ->> substr(providers.sub_account_attribute, length('tag.') + 1)
        end as sub_account_id,
        case providers.sub_account_attribute
            when 'account_key' then accounts.account_name
            when 'resource_key' then profiles.resource_name
        end as sub_account_name,
        coalesce(meters.sku_region, accounts.region) as region_id,
        replace(
            replace(meters.resource_id_format, '{account_key}', profiles.account_key),
            '{resource_key}',
            profiles.resource_key
        ) as resource_id,
        meters.resource_type,
        meters.provider_name,
        meters.publisher_name,
        meters.invoice_issuer_name,
        meters.service_name,
        meters.service_category,
        meters.service_subcategory,
        meters.sku_id,
        meters.sku_meter,
        meters.sku_price_details,
        concat_ws(': ', meters.sku_meter, profiles.resource_name) as charge_description,
        -- A tag without a value is true, and what is no single value becomes text: FOCUS wants a
        -- flat object.
        (
            select
                jsonb_object_agg(
                    coalesce(prefixes.prefix_by_key ->> members.tag_key, '') || members.tag_key,
                    case jsonb_typeof(members.tag_value)
                        when 'null' then 'true'::jsonb
                        when 'object' then to_jsonb(members.tag_value::text)
                        when 'array' then to_jsonb(members.tag_value::text)
                        else members.tag_value
                    end
                )
            from jsonb_each(profiles.tags) as members (tag_key, tag_value)
        ) as tags
    from profiles
    inner join meters on profiles.meter_id = meters.meter_id
    left join accounts
        on
            profiles.source_name = accounts.source_name
            and profiles.account_key = accounts.account_key
    left join providers on profiles.source_name = providers.source_name
    left join prefixes on profiles.source_name = prefixes.source_name
),

named as (
    select
        related.attribution_key,
        related.provider_name,
        related.publisher_name,
        related.invoice_issuer_name,
        coalesce(related.billing_account_key, related.account_id) as billing_account_id,
        coalesce(
            related.billing_account_name, related.billing_account_key, related.account_id
        ) as billing_account_name,
        coalesce(related.billing_account_type, related.provider_name || ' Account')
            as billing_account_type,
        related.sub_account_id,
        case
            when related.sub_account_id is not null
                then coalesce(related.sub_account_name, related.sub_account_id)
        end as sub_account_name,
        case
            when related.sub_account_id is not null
                then coalesce(related.sub_account_type, 'Sub Account')
        end as sub_account_type,
        related.region_id,
        coalesce(regions.region_name, related.region_id) as region_name,
        related.resource_id,
        case when related.resource_id is not null then related.resource_name end as resource_name,
        case when related.resource_id is not null then related.resource_type end as resource_type,
        related.service_name,
        related.service_category,
        related.service_subcategory,
        related.sku_id,
        related.sku_meter,
        related.sku_price_details,
        related.charge_description,
        related.tags,
        mapping.mapping_version
    from related
    cross join mapping
    left join regions on related.region_id = regions.region
)

select * from named
