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

-- A price that names the account's cloud or region beats one that holds everywhere.
chosen as (
    select distinct on (located.meter_id, located.account_key, located.usage_date)
        located.meter_id,
        located.account_key,
        located.usage_date,
        prices.price_id
    from located
    inner join prices
        on
            located.meter_id = prices.meter_id
            and (prices.cloud is null or located.cloud = prices.cloud)
            and (prices.region is null or located.region = prices.region)
            and located.usage_date >= prices.valid_from
            and (prices.valid_to is null or located.usage_date < prices.valid_to)
    order by
        located.meter_id asc,
        located.account_key asc,
        located.usage_date asc,
        prices.region asc nulls last,
        prices.cloud asc nulls last
)

select * from chosen
