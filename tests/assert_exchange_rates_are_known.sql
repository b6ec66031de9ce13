-- A missing exchange rate is an error, not 1: every price that holds on a day with usage, and
-- every fixed charge, is in the reporting currency or has a rate for the month.
with

needed as (
    select distinct
        date_trunc('month', prices_in_force.usage_date::timestamp)::date as billing_period,
        prices.currency,
        'prices.csv: ' || prices.price_id as needed_by
    from {{ ref('int_charges__prices_in_force') }} as prices_in_force
    inner join {{ ref('dim_prices') }} as prices on prices_in_force.price_id = prices.price_id
    where prices_in_force.exchange_rate is null
    union
    select
        date_trunc('month', period_start::timestamp)::date as billing_period,
        currency,
        'fixed_charges.csv: ' || fixed_charge_id as needed_by
    from {{ ref('int_charges__fixed_amounts') }}
    where exchange_rate is null
)

select
    needed_by,
    'seeds/exchange_rates.csv: ' || {{ csv_row([
        "to_char(billing_period, 'YYYY-MM-DD')", 'currency', reporting_currency(), "'<rate>'",
        "'<where the rate comes from>'",
    ]) }} as suggested_fix
from needed
