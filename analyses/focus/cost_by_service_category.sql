-- What does each service category and subcategory cost?
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

answer as (
    select
        "ServiceCategory",
        "ServiceSubcategory",
        "BillingCurrency",
        sum("BilledCost") as "BilledCost",
        sum("EffectiveCost") as "EffectiveCost"
    from focus_rows
    group by "ServiceCategory", "ServiceSubcategory", "BillingCurrency"
)

select * from answer
order by "ServiceCategory", "ServiceSubcategory", "BillingCurrency"
