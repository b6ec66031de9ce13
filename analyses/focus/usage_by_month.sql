-- How much is used of each SKU, month by month? Units are never added to one another.
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

answer as (
    select
        "BillingPeriodStart",
        "ProviderName",
        "ServiceName",
        "SkuId",
        "ConsumedUnit",
        sum("ConsumedQuantity") as "ConsumedQuantity"
    from focus_rows
    where
        "ChargeCategory" = 'Usage'
        and "ConsumedQuantity" is not null
    group by "BillingPeriodStart", "ProviderName", "ServiceName", "SkuId", "ConsumedUnit"
)

select * from answer
order by "BillingPeriodStart", "ProviderName", "SkuId", "ConsumedUnit"
