-- What was bought, such as plans, seats and prepaid credits, and in which unit?
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

answer as (
    select
        "BillingPeriodStart",
        "ProviderName",
        "SkuId",
        "ChargeDescription",
        "ChargeFrequency",
        "PricingUnit",
        "PricingCurrency",
        "BillingCurrency",
        sum("PricingQuantity") as "PricingQuantity",
        sum("BilledCost") as "BilledCost"
    from focus_rows
    where "ChargeCategory" = 'Purchase'
    group by
        "BillingPeriodStart",
        "ProviderName",
        "SkuId",
        "ChargeDescription",
        "ChargeFrequency",
        "PricingUnit",
        "PricingCurrency",
        "BillingCurrency"
)

select * from answer
order by "BillingPeriodStart", "ProviderName", "SkuId", "ChargeDescription"
