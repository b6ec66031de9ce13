-- How does the cost part by the currency that prices are in?
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

answer as (
    select
        "BillingPeriodStart",
        "PricingCurrency",
        "BillingCurrency",
        sum("PricingCurrencyEffectiveCost") as "PricingCurrencyEffectiveCost",
        sum("EffectiveCost") as "EffectiveCost"
    from focus_rows
    group by "BillingPeriodStart", "PricingCurrency", "BillingCurrency"
)

select * from answer
order by "BillingPeriodStart", "PricingCurrency", "BillingCurrency"
