-- How much of a virtual currency, such as prepaid credits, was used in each period?
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

answer as (
    select
        "BillingPeriodStart",
        "ProviderName",
        "PricingCurrency",
        "BillingCurrency",
        sum("PricingCurrencyEffectiveCost") as "PricingCurrencyEffectiveCost",
        sum("EffectiveCost") as "EffectiveCost"
    from focus_rows
    where
        "ChargeCategory" = 'Usage'
        and "PricingCurrency" != "BillingCurrency"
    group by "BillingPeriodStart", "ProviderName", "PricingCurrency", "BillingCurrency"
)

select * from answer
order by "BillingPeriodStart", "ProviderName", "PricingCurrency"
