-- One row per meter, account and day with usage: the price that holds, if any. Chosen here, once,
-- so that pricing is a join on a unique key and never multiplies a row.
with

meter_days as (
    select * from {{ ref('int_usage__meter_days') }}
),

accounts as (
    select * from {{ ref('accounts') }}
),

prices as (
    select * from {{ ref('dim_prices') }}
),

exchange_rates as (
    select * from {{ ref('exchange_rates') }}
),

used as (
    select
        source_name,
        account_key,
        meter_id,
        usage_date
    from meter_days
),

located as (
    select
        used.meter_id,
        used.account_key,
        used.usage_date,
        accounts.cloud,
        accounts.region
    from used
    left join accounts
        on
            used.source_name = accounts.source_name
            and used.account_key = accounts.account_key
),

chosen as (
    select distinct on (located.meter_id, located.account_key, located.usage_date)
        located.meter_id,
        located.account_key,
        located.usage_date,
        prices.price_id,
        prices.currency
    from located
    inner join prices
        on
            located.meter_id = prices.meter_id
            and {{ price_may_hold('prices', 'located', 'located.usage_date') }}
    where prices.is_known
    order by
        located.meter_id asc,
        located.account_key asc,
        located.usage_date asc,
        {{ price_that_holds_first('prices.region', 'prices.cloud', 'prices.known_from') }}
),

converted as (
    select
        chosen.meter_id,
        chosen.account_key,
        chosen.usage_date,
        chosen.price_id,
        ({{ exchange_rate('chosen.currency', 'exchange_rates') }})::numeric(38, 18) as exchange_rate
    from chosen
    left join exchange_rates
        on
            chosen.currency = exchange_rates.from_currency
            and exchange_rates.to_currency = {{ reporting_currency() }}
            and exchange_rates.billing_period
            = date_trunc('month', chosen.usage_date::timestamp)::date
)

select * from converted
