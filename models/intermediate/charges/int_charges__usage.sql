-- One charge per usage record of a meter that costs money. The only rounding is the charge's own:
-- price x quantity x exchange rate, to 12 decimals. No price or no rate, no cost: null, never 0.
with

usage_records as (
    select * from {{ ref('fct_usage_hourly') }}
),

due as (
    select * from {{ ref('int_charges__due') }}
),

prices as (
    select * from {{ ref('dim_prices') }}
),

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
        usage_records.load_id,
        usage_records.slice_version,
        prices.price_id,
        prices.currency as pricing_currency,
        due.exchange_rate,
        prices.pricing_unit,
        usage_records.quantity / prices.pricing_block as pricing_quantity,
        prices.list_unit_price,
        prices.contracted_unit_price,
        {{ cost_at(
            'prices', 'list_unit_price', 'usage_records.quantity', 'due.exchange_rate'
        ) }} as list_cost,
        {{ cost_at(
            'prices', 'contracted_unit_price', 'usage_records.quantity', 'due.exchange_rate'
        ) }} as contracted_cost,
        due.charge_version
    from usage_records
    inner join due
        on
            usage_records.slice_version = due.slice_version
            and usage_records.meter_id = due.meter_id
    left join prices on due.price_id = prices.price_id
)

select * from priced
