-- What was used of each SKU, and at which prices?
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

answer as (
    select
        "ProviderName",
        "SkuId",
        "SkuPriceId",
        "PricingUnit",
        "ListUnitPrice",
        "ContractedUnitPrice",
        "BillingCurrency",
        sum("PricingQuantity") as "PricingQuantity",
        sum("ListCost") as "ListCost",
        sum("EffectiveCost") as "EffectiveCost"
    from focus_rows
    where "ChargeCategory" = 'Usage'
    group by
        "ProviderName",
        "SkuId",
        "SkuPriceId",
        "PricingUnit",
        "ListUnitPrice",
        "ContractedUnitPrice",
        "BillingCurrency"
)

select * from answer
order by "ProviderName", "SkuId", "SkuPriceId", "ListUnitPrice", "BillingCurrency"
