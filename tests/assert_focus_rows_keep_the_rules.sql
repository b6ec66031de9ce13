-- Guards what FOCUS 1.2 asks of a single row and the official validator does not see: which prices,
-- quantities and SKUs a category must have; that price times quantity is the cost, within what 12
-- decimals of a price allow; units that are known; tags that are a flat object.
with

units as (
    select * from {{ ref('focus_units') }}
),

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
)

select
    "x_ChargeId",
    "ChargeCategory"
from focus_rows
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
        and num_nulls("SkuId", "SkuMeter", "SkuPriceId", "PricingCategory") in (0, 4)
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
        and "BillingCurrency" ~ '^[A-Z]{3}$'
        and "PricingCurrency" ~ '^[A-Z]{3}$'
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
        and {{ is_flat_object('"Tags"') }}
        and {{ is_flat_object('"SkuPriceDetails"') }}
        and {{ is_flat_object('"x_AllocatedTags"') }}
    ) is not true
