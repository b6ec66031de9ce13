-- One row per vendor, month and currency: what was invoiced beside what the charges bill. What the
-- difference consists of stands in rpt_invoice_differences.
with

compared as (
    select * from {{ ref('int_reconciliation__compared') }}
),

unknown_costs as (
    select * from {{ ref('int_reconciliation__unknown_costs') }}
),

counted as (
    select
        source_name,
        billing_period,
        count(*) as unknown_costs
    from unknown_costs
    group by source_name, billing_period
),

judged as (
    select
        compared.source_name,
        compared.billing_period,
        compared.currency,
        compared.invoices,
        compared.charges,
        compared.invoiced_amount,
        compared.tax_amount,
        compared.billed_cost,
        compared.difference,
        compared.tax_difference,
        (compared.difference - compared.tax_difference)::numeric(38, 12) as unexplained_difference,
        coalesce(counted.unknown_costs, 0) as unknown_costs,
        case
            when compared.invoices = 0 then 'no_invoice'
            when compared.charges = 0 then 'no_charges'
            -- Invoices are made out in cents; less than half a cent is their rounding.
            when round(compared.difference - compared.tax_difference, 2) = 0 then 'reconciled'
            else 'different'
        end as status
    from compared
    left join counted
        on
            compared.source_name = counted.source_name
            and compared.billing_period = counted.billing_period
)

select * from judged
