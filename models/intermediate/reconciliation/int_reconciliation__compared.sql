-- One row per vendor, month and currency that charges billed, that was invoiced, or both. A month
-- with nothing but unpriced usage is a row of no currency.
with

charges as (
    select * from {{ ref('fct_charges') }}
),

invoices as (
    select * from {{ ref('invoices') }}
),

billed as (
    select
        source_name,
        billing_period,
        currency,
        count(*) as charges,
        sum(billed_cost) as billed_cost,
        sum(billed_cost) filter (where charge_category = 'Tax') as billed_tax
    from charges
    where is_priced
    group by source_name, billing_period, currency
),

invoiced as (
    select
        source_name,
        billing_period,
        currency,
        count(*) as invoices,
        sum(amount) as invoiced_amount,
        sum(tax_amount) as tax_amount
    from invoices
    group by source_name, billing_period, currency
),

matched as (
    select
        coalesce(billed.source_name, invoiced.source_name) as source_name,
        coalesce(billed.billing_period, invoiced.billing_period) as billing_period,
        coalesce(billed.currency, invoiced.currency) as currency,
        coalesce(invoiced.invoices, 0) as invoices,
        coalesce(billed.charges, 0) as charges,
        invoiced.invoiced_amount::numeric(38, 12) as invoiced_amount,
        invoiced.tax_amount::numeric(38, 12) as tax_amount,
        coalesce(billed.billed_cost, 0)::numeric(38, 12) as billed_cost,
        coalesce(billed.billed_tax, 0)::numeric(38, 12) as billed_tax
    from billed
    full join invoiced
        on
            billed.source_name = invoiced.source_name
            and billed.billing_period = invoiced.billing_period
            and billed.currency = invoiced.currency
),

unpriced_alone as (
    select distinct
        unpriced.source_name,
        unpriced.billing_period
    from {{ ref('rpt_unpriced_usage') }} as unpriced
    left join matched
        on
            unpriced.source_name = matched.source_name
            and unpriced.billing_period = matched.billing_period
    where matched.source_name is null
),

compared as (
    select
        source_name,
        billing_period,
        currency,
        invoices,
        charges,
        invoiced_amount,
        tax_amount,
        billed_cost,
        (invoiced_amount - billed_cost)::numeric(38, 12) as difference,
        (tax_amount - billed_tax)::numeric(38, 12) as tax_difference
    from matched
    union all
    select
        source_name,
        billing_period,
        null as currency,
        0 as invoices,
        0 as charges,
        null::numeric(38, 12) as invoiced_amount,
        null::numeric(38, 12) as tax_amount,
        null::numeric(38, 12) as billed_cost,
        null::numeric(38, 12) as difference,
        null::numeric(38, 12) as tax_difference
    from unpriced_alone
)

select * from compared
