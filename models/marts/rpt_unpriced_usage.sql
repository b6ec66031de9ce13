-- Usage that may cost money but has no price: what it is, how much, and the seed row that fixes it.
with

charges as (
    select * from {{ ref('fct_charges') }}
),

meters as (
    select * from {{ ref('dim_meters') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

unpriced as (
    select
        billing_period,
        source_name,
        meter_id,
        unit,
        sum(quantity) as quantity,
        count(*) as charges,
        min(account_key) as account_key,
        min(charge_start_at) as first_used_at,
        max(charge_end_at) as last_used_at
    from charges
    where not is_priced
    group by billing_period, source_name, meter_id, unit
),

-- A price that holds in a cloud is of no use to an account whose cloud nobody named.
priced_elsewhere as (
    select
        meter_id,
        min(cloud) as cloud
    from {{ ref('dim_prices') }}
    where cloud is not null
    group by meter_id
),

explained as (
    select
        unpriced.billing_period,
        unpriced.source_name,
        unpriced.meter_id,
        meters.is_declared,
        unpriced.quantity::numeric(48, 18) as quantity,
        unpriced.unit,
        unpriced.charges,
        unpriced.first_used_at,
        unpriced.last_used_at,
        case
            when priced_elsewhere.meter_id is not null and accounts.cloud is null
                then 'seeds/accounts.csv: ' || {{ csv_row([
                    'unpriced.source_name', 'unpriced.account_key', "'<name>'",
                    'priced_elsewhere.cloud', "'<region>'", "''", "''",
                ]) }}
            else 'seeds/prices.csv: ' || {{ csv_row([
                "unpriced.meter_id || '-' || unpriced.billing_period", 'unpriced.meter_id', "''", "''", "'USD'", "'<list price>'",
                "'<contracted price>'", 'unpriced.unit', "'1'",
                "to_char(unpriced.first_used_at at time zone 'UTC', 'YYYY-MM-DD')", "''", "''",
                "'<where the price comes from>'",
            ]) }}
        end
        || case
            when meters.is_declared then ''
            else '; seeds/meters.csv: ' || {{ csv_row([
                'unpriced.meter_id', 'unpriced.source_name', 'meters.meter_key', "'<service>'",
                'unpriced.unit', "'flow'", "'cost'", "'sum'", "'<what it is>'",
            ]) }}
        end as suggested_fix
    from unpriced
    inner join meters on unpriced.meter_id = meters.meter_id
    left join priced_elsewhere on unpriced.meter_id = priced_elsewhere.meter_id
    left join accounts
        on
            unpriced.source_name = accounts.source_name
            and unpriced.account_key = accounts.account_key
)

select * from explained
