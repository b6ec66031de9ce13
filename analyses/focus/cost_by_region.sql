-- What does each region cost? Charges without a region are the row without a name.
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

answer as (
    select
        "ProviderName",
        "RegionId",
        "RegionName",
        "BillingCurrency",
        sum("EffectiveCost") as "EffectiveCost"
    from focus_rows
    group by "ProviderName", "RegionId", "RegionName", "BillingCurrency"
)

select * from answer
order by "ProviderName", "RegionId", "BillingCurrency"
