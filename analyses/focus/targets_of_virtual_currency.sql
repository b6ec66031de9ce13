-- Which ten services and charges use most of a virtual currency?
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

answer as (
    select
        "PricingCurrency",
        "ServiceName",
        "ChargeDescription",
        sum("PricingCurrencyEffectiveCost") as "PricingCurrencyEffectiveCost"
    from focus_rows
    where
        "ChargeCategory" = 'Usage'
        and "PricingCurrency" != "BillingCurrency"
    group by "PricingCurrency", "ServiceName", "ChargeDescription"
)

select * from answer
order by "PricingCurrencyEffectiveCost" desc, "ServiceName" asc, "ChargeDescription" asc
limit 10
