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
priced as (
    select
        usage_records.usage_id,
        usage_records.source_name,
        usage_records.account_key,
        usage_records.meter_id,
        usage_records.service_name,
        usage_records.resource_key,
        usage_records.resource_name,
        usage_records.usage_start_at,
        usage_records.usage_end_at,
        usage_records.usage_date,
        usage_records.quantity,
        usage_records.unit,
        usage_records.attribution_key,
        prices.price_id,
        prices.currency,
        prices.pricing_unit,
        usage_records.quantity / prices.pricing_block as pricing_quantity,
        prices.list_unit_price,
        prices.contracted_unit_price,
        round(prices.list_unit_price * usage_records.quantity / prices.pricing_block, 12)
            as list_cost,
        round(prices.contracted_unit_price * usage_records.quantity / prices.pricing_block, 12)
            as contracted_cost
    from usage_records
    left join meters on usage_records.meter_id = meters.meter_id
    left join prices_in_force
        on
            usage_records.meter_id = prices_in_force.meter_id
            and usage_records.account_key = prices_in_force.account_key
            and usage_records.usage_date = prices_in_force.usage_date
    left join prices on prices_in_force.price_id = prices.price_id
    where meters.role = 'cost' or meters.role is null
)

select * from priced
