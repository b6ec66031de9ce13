-- What is the cost of a resource made of?
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

answer as (
    select
        "ResourceId",
        "ResourceName",
        "ResourceType",
        "SkuId",
        "ChargeDescription",
        "BillingCurrency",
        sum("EffectiveCost") as "EffectiveCost"
    from focus_rows
    where "ResourceId" is not null
    group by
        "ResourceId",
        "ResourceName",
        "ResourceType",
        "SkuId",
        "ChargeDescription",
        "BillingCurrency"
)

select * from answer
order by "ResourceId", "ResourceName", "SkuId", "ChargeDescription", "BillingCurrency"
