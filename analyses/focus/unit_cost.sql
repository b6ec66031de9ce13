-- What does one consumed unit cost, by service?
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

answer as (
    select
        "ProviderName",
        "ServiceName",
        "ConsumedUnit",
        "BillingCurrency",
        sum("ConsumedQuantity") as "ConsumedQuantity",
        sum("EffectiveCost") as "EffectiveCost",
        sum("EffectiveCost") / nullif(sum("ConsumedQuantity"), 0) as unit_cost
    from focus_rows
    where
        "ChargeCategory" = 'Usage'
        and "ChargeFrequency" = 'Usage-Based'
    group by "ProviderName", "ServiceName", "ConsumedUnit", "BillingCurrency"
)

select * from answer
order by "ProviderName", "ServiceName", "ConsumedUnit", "BillingCurrency"
