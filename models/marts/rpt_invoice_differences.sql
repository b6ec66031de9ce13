-- One row per vendor, month, currency and reason for a difference between invoices and charges.
-- Amounts add up to the difference; a reason whose amount nobody can know has none.
with

compared as (
    select * from {{ ref('rpt_invoice_reconciliation') }}
),

unknown_costs as (
    select * from {{ ref('int_reconciliation__unknown_costs') }}
),

reasons as (
    select
        source_name,
        billing_period,
        currency,
        'tax' as reason,
        null as detail,
        tax_difference as amount,
        null::numeric(48, 18) as quantity,
        null as unit
    from compared
    where tax_difference != 0
    union all
    select
        source_name,
        billing_period,
        currency,
        case when status = 'reconciled' then 'rounding' else 'unexplained' end as reason,
        null as detail,
        unexplained_difference as amount,
        null as quantity,
        null as unit
    from compared
    where unexplained_difference != 0
    union all
    select
        compared.source_name,
        compared.billing_period,
        compared.currency,
        unknown_costs.reason,
        unknown_costs.detail,
        null as amount,
        unknown_costs.quantity,
        unknown_costs.unit
    from compared
    inner join unknown_costs
        on
            compared.source_name = unknown_costs.source_name
            and compared.billing_period = unknown_costs.billing_period
    where compared.status != 'reconciled'
)

select * from reasons
