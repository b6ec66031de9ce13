-- Which corrections of closed billing periods arrived, by sub account?
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

answer as (
    select
        "ProviderName",
        "SubAccountId",
        "BillingPeriodStart",
        "ServiceName",
        "BillingCurrency",
        count(*) as corrections,
        sum("BilledCost") as "BilledCost"
    from focus_rows
    where "ChargeClass" = 'Correction'
    group by "ProviderName", "SubAccountId", "BillingPeriodStart", "ServiceName", "BillingCurrency"
)

select * from answer
order by "ProviderName", "SubAccountId", "BillingPeriodStart", "ServiceName"
