-- Guards reconciliation: every invoice and every billed cost is in it once, and the reasons whose
-- amount is known add up to the difference.
with

reconciled as (
    select * from {{ ref('rpt_invoice_reconciliation') }}
),

reasons as (
    select
        source_name,
        billing_period,
        currency,
        sum(amount) as amount
    from {{ ref('rpt_invoice_differences') }}
    group by source_name, billing_period, currency
),

wholes as (
    select
        'billed' as side,
        (select sum(billed_cost) from {{ ref('rpt_costs_monthly') }}) as expected,
        (select sum(billed_cost) from reconciled) as found
    union all
    select
        'invoiced' as side,
        (select sum(amount) from {{ ref('invoices') }}) as expected,
        (select sum(invoiced_amount) from reconciled) as found
    union all
    select
        reconciled.source_name || ' ' || reconciled.billing_period as side,
        reconciled.difference as expected,
        coalesce(reasons.amount, 0) as found
    from reconciled
    left join reasons
        on
            reconciled.source_name = reasons.source_name
            and reconciled.billing_period = reasons.billing_period
            and reconciled.currency = reasons.currency
    where reconciled.difference is not null
)

select *
from wholes
where coalesce(expected, 0) != coalesce(found, 0)
