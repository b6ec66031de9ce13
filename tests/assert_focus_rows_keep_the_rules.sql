-- Guards what FOCUS 1.2 asks of a single row and the official validator does not see: which prices,
-- quantities and SKUs a category must have; that price times quantity is the cost, within what 12
-- decimals of a price allow; units that are known; tags that are a flat object.
with

units as (
    select * from {{ ref('focus_units') }}
),

provider_tags as (
    select
        source_name,
        array_agg(tag_key) as tag_keys
    from {{ ref('focus_provider_tags') }}
    group by source_name
),

subcategories as (
    select * from {{ ref('focus_subcategories') }}
),

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

-- SKUs have few sets of details, so a set is looked at once.
details as (
    select distinct "SkuPriceDetails" as sku_price_details
    from {{ ref('focus_cost_and_usage') }}
    where "SkuPriceDetails" is not null
),

wrong_details as (
    select sku_price_details
    from details
    where
        (
            {{ is_flat_object('sku_price_details') | indent(12) }}
            and not jsonb_path_exists(
                sku_price_details, '$.keyvalue() ? (!(@.key starts with "x_"))', '{}', true
            )
        ) is not true
),

known as (
    select
        focus_rows.*,
        subcategories.service_category as parent_category,
        provider_tags.tag_keys
    from focus_rows
    left join subcategories
        on focus_rows."ServiceSubcategory" = subcategories.service_subcategory
    left join provider_tags on focus_rows."x_SourceName" = provider_tags.source_name
)

select
    "x_ChargeId",
    "ChargeCategory"
from known
where
    (
        ("ChargeCategory" in ('Usage', 'Purchase')) = ("ListUnitPrice" is not null)
        and num_nulls(
            "ListUnitPrice", "ContractedUnitPrice", "PricingQuantity", "PricingUnit",
            "PricingCurrencyListUnitPrice", "PricingCurrencyContractedUnitPrice"
        ) in (0, 6)
        and ("ChargeCategory" = 'Usage') = ("ConsumedQuantity" is not null)
        and ("ConsumedQuantity" is null) = ("ConsumedUnit" is null)
        and ("ChargeCategory" = 'Tax') = ("SkuId" is null)
        and num_nulls("SkuId", "SkuMeter", "PricingCategory") in (0, 3)
        and ("SkuPriceId" is null) = ("ListUnitPrice" is null)
        and ("SkuPriceId" is not null or "SkuPriceDetails" is null)
        and "ChargeCategory" in ('Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment')
        and coalesce("ChargeClass", 'Correction') = 'Correction'
        and "ChargeFrequency" in ('Usage-Based', 'Recurring', 'One-Time')
        and not ("ChargeCategory" = 'Purchase' and "ChargeFrequency" = 'Usage-Based')
        and coalesce("PricingCategory", 'Standard') = 'Standard'
        and coalesce(least("ListUnitPrice", "ContractedUnitPrice"), 0) >= 0
        and coalesce(
            abs("ListUnitPrice" * "PricingQuantity" - "ListCost")
            <= 1e-9 * greatest(abs("ListCost"), 1)
            and abs("ContractedUnitPrice" * "PricingQuantity" - "ContractedCost")
            <= 1e-9 * greatest(abs("ContractedCost"), 1),
            true
        )
        and ("ChargeCategory" != 'Purchase' or "EffectiveCost" = 0)
        and ("ChargeCategory" not in ('Credit', 'Adjustment') or "EffectiveCost" = "BilledCost")
        and {{ is_currency('"BillingCurrency"') }}
        and {{ is_currency('"PricingCurrency"') }}
        and coalesce("ConsumedUnit" in (select units.focus_unit from units), true)
        and coalesce("PricingUnit" in (select units.focus_unit from units), true)
        and num_nulls("RegionId", "RegionName") in (0, 2)
        and num_nulls("ResourceId", "ResourceType") in (0, 2)
        and num_nulls("SubAccountId", "SubAccountName", "SubAccountType") in (0, 3)
        and ("ResourceId" is not null or "ResourceName" is null)
        and '' not in (
            "BillingAccountId",
            "BillingAccountName",
            "ChargeDescription",
            "ProviderName",
            "ServiceName",
            coalesce("ResourceId", '-'),
            coalesce("SkuId", '-'),
            coalesce("SubAccountId", '-')
        )
        and "ServiceCategory" = parent_category
        and not coalesce("Tags" ?| tag_keys, false)
        and {{ is_flat_object('"Tags"') }}
        and coalesce(
            "SkuPriceDetails" not in (select wrong_details.sku_price_details from wrong_details),
            true
        )
        and {{ is_flat_object('"x_AllocatedTags"') }}
    ) is not true
