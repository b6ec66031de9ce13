-- Guards invariant 3: priced and unpriced usage together are all of it, per month and meter.
with

charges as (
    select
        billing_period,
        meter_id,
        sum(quantity) as quantity,
        coalesce(sum(quantity) filter (where price_id is not null), 0) as quantity_priced
    from {{ ref('fct_charges') }}
    where usage_id is not null
    group by billing_period, meter_id
),

unpriced as (
    select
        billing_period,
        meter_id,
        sum(quantity) as quantity
    from {{ ref('rpt_unpriced_usage') }}
    group by billing_period, meter_id
)

select
    charges.billing_period,
    charges.meter_id,
    charges.quantity,
    charges.quantity_priced,
    unpriced.quantity as quantity_unpriced
from charges
left join unpriced
    on
        charges.billing_period = unpriced.billing_period
        and charges.meter_id = unpriced.meter_id
where charges.quantity != charges.quantity_priced + coalesce(unpriced.quantity, 0)
