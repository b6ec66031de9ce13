-- One charge per usage record of a meter that costs money. The only rounding is the charge's own:
-- price x quantity, to 12 decimals. No price, no cost: null, never 0.
with

usage_records as (
    select * from {{ ref('fct_usage_hourly') }}
),

meters as (
    select * from {{ ref('meters') }}
),

prices_in_force as (
    select * from {{ ref('int_charges__prices_in_force') }}
),

prices as (
    select * from {{ ref('dim_prices') }}
),

-- A meter nobody declared may well cost money, so it stays in and shows as unpriced.
billable as (
    select usage_records.*
    from usage_records
    left join meters on usage_records.meter_id = meters.meter_id
    where meters.role = 'cost' or meters.role is null
),

priced as (
    select
        billable.*,
        prices.price_id,
        prices.currency,
        prices.pricing_unit,
        billable.quantity / prices.pricing_block as pricing_quantity,
        prices.list_unit_price,
        prices.contracted_unit_price,
        round(prices.list_unit_price * billable.quantity / prices.pricing_block, 12) as list_cost,
        round(prices.contracted_unit_price * billable.quantity / prices.pricing_block, 12)
            as contracted_cost
    from billable
    left join prices_in_force
        on
            billable.meter_id = prices_in_force.meter_id
            and billable.account_key = prices_in_force.account_key
            and billable.usage_date = prices_in_force.usage_date
    left join prices on prices_in_force.price_id = prices.price_id
)

select * from priced
