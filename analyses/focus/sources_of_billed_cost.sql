-- Who provides, publishes and bills what is paid for?
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

answer as (
    select
        "ProviderName",
        "PublisherName",
        "InvoiceIssuerName",
        "BillingAccountId",
        "BillingAccountName",
        "BillingCurrency",
        sum("BilledCost") as "BilledCost"
    from focus_rows
    group by
        "ProviderName",
        "PublisherName",
        "InvoiceIssuerName",
        "BillingAccountId",
        "BillingAccountName",
        "BillingCurrency"
)

select * from answer
order by "ProviderName", "PublisherName", "InvoiceIssuerName", "BillingAccountId", "BillingCurrency"
