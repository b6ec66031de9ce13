-- What does each invoice issuer bill, by invoice and billing period?
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

answer as (
    select
        "InvoiceIssuerName",
        "InvoiceId",
        "BillingPeriodStart",
        "BillingPeriodEnd",
        "BillingCurrency",
        sum("BilledCost") as "BilledCost"
    from focus_rows
    group by
        "InvoiceIssuerName",
        "InvoiceId",
        "BillingPeriodStart",
        "BillingPeriodEnd",
        "BillingCurrency"
)

select * from answer
order by "BillingPeriodStart", "InvoiceIssuerName", "InvoiceId", "BillingCurrency"
