-- What comes back every period, whatever is used?
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

answer as (
    select
        "BillingPeriodStart",
        "ProviderName",
        "ServiceName",
        "ChargeCategory",
        "ChargeFrequency",
        "BillingCurrency",
        sum("BilledCost") as "BilledCost",
        sum("EffectiveCost") as "EffectiveCost"
    from focus_rows
    where "ChargeFrequency" = 'Recurring'
    group by
        "BillingPeriodStart",
        "ProviderName",
        "ServiceName",
        "ChargeCategory",
        "ChargeFrequency",
        "BillingCurrency"
)

select * from answer
order by "BillingPeriodStart", "ProviderName", "ServiceName", "ChargeCategory"
