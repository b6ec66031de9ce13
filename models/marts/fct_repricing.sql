-- One row per day a version of a price list became known, month, account, meter and pair of prices:
-- what usage costs by what was believed before and by what is believed since, in the reporting
-- currency. Null where there was no price or no exchange rate.
with

beliefs as (
    select * from {{ ref('int_charges__beliefs') }}
),

usage_records as (
    select * from {{ ref('fct_usage_hourly') }}
),

prices as (
    select * from {{ ref('dim_prices') }}
),

exchange_rates as (
    select * from {{ ref('exchange_rates') }}
    where to_currency = {{ reporting_currency() }}
),

used as (
    select
        beliefs.*,
        date_trunc('month', beliefs.usage_date::timestamp)::date as billing_period,
        usage_records.quantity,
        usage_records.unit
    from usage_records
    inner join beliefs
        on
            usage_records.meter_id = beliefs.meter_id
            and usage_records.account_key = beliefs.account_key
            and usage_records.usage_date = beliefs.usage_date
),

costed as (
    select
        used.*,
        {{ cost_at(
            'earlier', 'contracted_unit_price', 'used.quantity',
            exchange_rate('earlier.currency', 'earlier_rates')
        ) }} as previous_cost,
        {{ cost_at(
            'later', 'contracted_unit_price', 'used.quantity',
            exchange_rate('later.currency', 'later_rates')
        ) }} as contracted_cost
    from used
    left join prices as earlier on used.previous_price_id = earlier.price_id
    left join prices as later on used.price_id = later.price_id
    left join exchange_rates as earlier_rates
        on
            earlier.currency = earlier_rates.from_currency
            and used.billing_period = earlier_rates.billing_period
    left join exchange_rates as later_rates
        on
            later.currency = later_rates.from_currency
            and used.billing_period = later_rates.billing_period
),

repriced as (
    select
        known_from,
        billing_period,
        source_name,
        account_key,
        meter_id,
        previous_price_id,
        price_id,
        sum(quantity)::numeric(48, 18) as quantity,
        unit,
        sum(previous_cost)::numeric(38, 12) as previous_cost,
        sum(contracted_cost)::numeric(38, 12) as contracted_cost,
        (sum(contracted_cost) - sum(previous_cost))::numeric(38, 12) as delta,
        {{ reporting_currency() }} as currency
    from costed
    group by
        known_from,
        billing_period,
        source_name,
        account_key,
        meter_id,
        previous_price_id,
        price_id,
        unit
)

select * from repriced
