-- What does each service cost in each workspace, tenant or other sub account?
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

answer as (
    select
        "ProviderName",
        "SubAccountId",
        "SubAccountName",
        "SubAccountType",
        "ServiceName",
        "BillingCurrency",
        sum("EffectiveCost") as "EffectiveCost"
    from focus_rows
    group by
        "ProviderName",
        "SubAccountId",
        "SubAccountName",
        "SubAccountType",
        "ServiceName",
        "BillingCurrency"
)

select * from answer
order by "ProviderName", "SubAccountId", "ServiceName", "BillingCurrency"
