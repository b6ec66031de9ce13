-- One row per load, account, hour and meter that costs money: the price that holds, and a digest of
-- everything its charges are made of. A meter nobody declared may well cost money, so it stays in.
with

meter_hours as (
    select * from {{ ref('int_usage__meter_hours') }}
),

meters as (
    select * from {{ ref('meters') }}
),

prices_in_force as (
    select * from {{ ref('int_charges__prices_in_force') }}
),

prices as (
    select
        *,
        md5(
            row(
                price_id,
                currency,
                list_unit_price,
                contracted_unit_price,
                pricing_unit,
                pricing_block
            )::text
        ) as price_digest
    from {{ ref('dim_prices') }}
),

due as (
    select
        meter_hours.load_id,
        meter_hours.account_key,
        meter_hours.meter_id,
        meter_hours.usage_start_at as charge_start_at,
        meter_hours.usage_date,
        meter_hours.slice_version,
        prices_in_force.price_id,
        prices_in_force.exchange_rate,
        md5(
            '{{ checksum_of(["int_charges__usage", "fct_charges"]) }}'
            || {{ reporting_currency() }}
            || meter_hours.slice_version
            || meter_hours.meter_id
            || coalesce(prices.price_digest, '')
            || coalesce(prices_in_force.exchange_rate, 0)
        )::uuid as charge_version
    from meter_hours
    left join meters on meter_hours.meter_id = meters.meter_id
    left join prices_in_force
        on
            meter_hours.meter_id = prices_in_force.meter_id
            and meter_hours.account_key = prices_in_force.account_key
            and meter_hours.usage_date = prices_in_force.usage_date
    left join prices on prices_in_force.price_id = prices.price_id
    where meters.role = 'cost' or meters.role is null
)

select * from due
