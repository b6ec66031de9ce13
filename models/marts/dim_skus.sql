-- One row per Databricks SKU, declared or used, with what its name and the vendor's list say of it.
with

skus as (
    select * from {{ ref('int_skus__parsed') }}
),

regions as (
    select * from {{ ref('databricks_regions') }}
),

deprecated as (
    select * from {{ ref('databricks_skus_deprecated') }}
),

described as (
    select
        skus.meter_id,
        skus.sku,
        skus.family,
        skus.dlt_edition,
        skus.tier,
        skus.security_plan,
        coalesce(skus.cloud_named, regions.cloud) as cloud,
        skus.sku_region,
        regions.region,
        skus.is_photon,
        skus.is_serverless,
        skus.is_launch,
        deprecated.sku is not null as is_deprecated,
        deprecated.deprecated_since,
        deprecated.replacement_family,
        deprecated.replaced_by,
        skus.is_understood
        and (skus.sku_region is null or regions.sku_region is not null) as is_recognised
    from skus
    left join regions on skus.sku_region = regions.sku_region
    left join deprecated on skus.sku = deprecated.sku
)

select * from described
