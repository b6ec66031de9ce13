-- Guards invariant 1 between usage and charges: every record of a meter that costs money is charged
-- once, with its quantity and at its price, rounded once; nothing else is.
with

usage_totals as (
    select
        meter_days.account_key,
        meter_days.meter_id,
        meter_days.usage_date,
        meter_days.quantity,
        meter_days.records,
        prices_in_force.price_id
    from {{ ref('int_usage__meter_days') }} as meter_days
    left join {{ ref('meters') }} as meters on meter_days.meter_id = meters.meter_id
    left join {{ ref('int_charges__prices_in_force') }} as prices_in_force
        on
            meter_days.account_key = prices_in_force.account_key
            and meter_days.meter_id = prices_in_force.meter_id
            and meter_days.usage_date = prices_in_force.usage_date
    where meters.role = 'cost' or meters.role is null
),

charges as (
    select
        charges.*,
        round(
            prices.contracted_unit_price
            * charges.quantity
            * prices_in_force.exchange_rate
            / prices.pricing_block,
            12
        ) as expected_cost
    from {{ ref('fct_charges') }} as charges
    left join {{ ref('dim_prices') }} as prices on charges.price_id = prices.price_id
    left join {{ ref('int_charges__prices_in_force') }} as prices_in_force
        on
            charges.account_key = prices_in_force.account_key
            and charges.meter_id = prices_in_force.meter_id
            and charges.charge_date = prices_in_force.usage_date
    where charges.usage_id is not null
),

charge_totals as (
    select
        account_key,
        meter_id,
        charge_date,
        min(price_id) as price_id,
        sum(quantity) as quantity,
        count(*) as records,
        max(price_id) as other_price_id,
        count(*) filter (where contracted_cost is distinct from expected_cost) as wrong_costs
    from charges
    group by account_key, meter_id, charge_date
)

select
    coalesce(usage_totals.account_key, charge_totals.account_key) as account_key,
    coalesce(usage_totals.meter_id, charge_totals.meter_id) as meter_id,
    coalesce(usage_totals.usage_date, charge_totals.charge_date) as usage_date,
    usage_totals.quantity as quantity_used,
    charge_totals.quantity as quantity_charged,
    charge_totals.wrong_costs
from usage_totals
full join charge_totals
    on
        usage_totals.account_key = charge_totals.account_key
        and usage_totals.meter_id = charge_totals.meter_id
        and usage_totals.usage_date = charge_totals.charge_date
where
    usage_totals.quantity is distinct from charge_totals.quantity
    or usage_totals.records is distinct from charge_totals.records
    or usage_totals.price_id is distinct from charge_totals.price_id
    or charge_totals.price_id is distinct from charge_totals.other_price_id
    or charge_totals.wrong_costs > 0
