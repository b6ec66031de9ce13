-- Which credits were given, and on which invoice?
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

answer as (
    select
        "InvoiceIssuerName",
        "InvoiceId",
        "BillingPeriodStart",
        "ChargeDescription",
        "BillingCurrency",
        sum("BilledCost") as "BilledCost",
        sum("EffectiveCost") as "EffectiveCost"
    from focus_rows
    where "ChargeCategory" = 'Credit'
    group by
        "InvoiceIssuerName",
        "InvoiceId",
        "BillingPeriodStart",
        "ChargeDescription",
        "BillingCurrency"
)

select * from answer
order by "BillingPeriodStart", "InvoiceIssuerName", "ChargeDescription"
