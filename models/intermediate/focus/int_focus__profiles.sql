{{ config(materialized='table') }}

-- One row per attribution key of a meter that was charged: every FOCUS column that depends on who
-- charges what for which resource, and not on the single charge. Worked out once per key, because
-- a million charges have a few thousand keys.
with

profiles as (
    select * from {{ ref('int_allocation__profiles') }}
),

charged as (
    select distinct meter_id
    from {{ ref('fct_charges') }}
    where is_priced
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

tags as (
    select * from {{ ref('int_focus__tags') }}
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
        tags.tags
    from profiles
    inner join charged on profiles.meter_id = charged.meter_id
    inner join meters on profiles.meter_id = meters.meter_id
    left join accounts
        on
            profiles.source_name = accounts.source_name
            and profiles.account_key = accounts.account_key
    left join providers on profiles.source_name = providers.source_name
    left join tags on profiles.attribution_key = tags.attribution_key
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
        related.tags
    from related
    left join regions on related.region_id = regions.region
)

select * from named
