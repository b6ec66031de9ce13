-- One row per meter: provider, service and SKU in FOCUS' words. A service or provider that the
-- seeds do not map is not left out: its category is Other, its name is the source's.
with

meters as (
    select * from {{ ref('meters') }}
),

providers as (
    select * from {{ ref('focus_providers') }}
),

services as (
    select * from {{ ref('focus_services') }}
),

subcategories as (
    select * from {{ ref('focus_subcategories') }}
),

skus as (
    select * from {{ ref('dim_skus') }}
),

-- What a meter measures, without the remarks behind it.
described as (
    select
        *,
        coalesce(
            nullif(rtrim(regexp_replace(description, '(;|\.\s).*$', ''), '.'), ''), meter_key
        ) as sku_meter
    from meters
),

mapped as (
    select
        described.meter_id,
        coalesce(providers.provider_name, initcap(described.source_name)) as provider_name,
        coalesce(providers.publisher_name, initcap(described.source_name)) as publisher_name,
        coalesce(providers.invoice_issuer_name, initcap(described.source_name))
            as invoice_issuer_name,
        described.service_name,
        coalesce(subcategories.service_category, 'Other') as service_category,
        coalesce(subcategories.service_subcategory, 'Other (Other)') as service_subcategory,
        coalesce(services.resource_type, 'Resource') as resource_type,
        coalesce(
            services.resource_id_format,
            described.source_name || ':account/{account_key}/{resource_key}'
        ) as resource_id_format,
        case providers.sku_id_format
            when '{meter_key}' then described.meter_key else described.meter_id
        end as sku_id,
        described.sku_meter,
        skus.region as sku_region,
        case
            when skus.family is not null
                then
                    jsonb_strip_nulls(
                        jsonb_build_object(
                            'x_Family', skus.family,
                            'x_Tier', skus.tier,
                            'x_Edition', skus.dlt_edition,
                            'x_Photon', skus.is_photon,
                            'x_Serverless', skus.is_serverless
                        )
                    )
        end as sku_price_details
    from described
    left join providers on described.source_name = providers.source_name
    left join services on described.service_name = services.service_name
    left join subcategories on services.service_subcategory = subcategories.service_subcategory
    left join skus on described.meter_id = skus.meter_id
)

select * from mapped
