-- Which discounts arrived on usage? Charges without a class are not corrections, hence distinct.
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

answer as (
    select
        "BillingPeriodStart",
        "ProviderName",
        "SkuId",
        "BillingCurrency",
        sum("ListCost") as "ListCost",
        sum("ContractedCost") as "ContractedCost",
        sum("ListCost" - "ContractedCost") as discount
    from focus_rows
    where
        "ChargeCategory" = 'Usage'
        and "ChargeClass" is distinct from 'Correction'
        and "ListCost" != "ContractedCost"
    group by "BillingPeriodStart", "ProviderName", "SkuId", "BillingCurrency"
)

select * from answer
order by "BillingPeriodStart", "ProviderName", "SkuId", "BillingCurrency"
