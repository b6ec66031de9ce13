-- A missing exchange rate is an error, not 1: every price that holds on a day with usage, and
-- every fixed charge, is in the reporting currency or has a rate for the month. One row per rate.
with

used as (
    select
        date_trunc('month', prices_in_force.usage_date::timestamp)::date as billing_period,
        prices.currency,
        prices.price_id,
        sum(meter_days.records) as records,
        trim_scale(sum(meter_days.quantity)) as quantity,
        min(meters.unit) as unit,
        bool_or(meters.daily_aggregation = 'sum') as adds_up
    from {{ ref('int_charges__prices_in_force') }} as prices_in_force
    inner join {{ ref('dim_prices') }} as prices on prices_in_force.price_id = prices.price_id
    inner join {{ ref('int_usage__meter_days') }} as meter_days
        on
            prices_in_force.meter_id = meter_days.meter_id
            and prices_in_force.account_key = meter_days.account_key
            and prices_in_force.usage_date = meter_days.usage_date
    left join {{ ref('meters') }} as meters on prices_in_force.meter_id = meters.meter_id
    where prices_in_force.exchange_rate is null
    group by
        date_trunc('month', prices_in_force.usage_date::timestamp)::date,
        prices.currency,
        prices.price_id
),

needed as (
    select
        billing_period,
        currency,
        'prices.csv: ' || price_id || ' ('
        || case when adds_up then quantity || ' ' || unit else records || ' records of usage' end
        || ')' as need
    from used
    union all
    select
        date_trunc('month', period_start::timestamp)::date as billing_period,
        currency,
        'fixed_charges.csv: ' || fixed_charge_id as need
    from {{ ref('int_charges__fixed_amounts') }}
    where exchange_rate is null
),

listed as (
    select
        billing_period,
        currency,
        array_agg(need order by need) as needs
    from needed
    group by billing_period, currency
)

select
    billing_period,
    currency,
    {{ reporting_currency() }} as reporting_currency,
    to_char(billing_period, 'YYYY-MM') || ' has no exchange rate from ' || currency || ' to '
    || {{ reporting_currency() }} || ', needed by ' || array_to_string(needs[1:3], '; ')
    || case when cardinality(needs) > 3 then '; ' || cardinality(needs) - 3 || ' more' else '' end
        as problem,
    'add to exchange_rates.csv: ' || {{ csv_row([
        "to_char(billing_period, 'YYYY-MM-DD')", 'currency', reporting_currency(), "'<rate>'",
        "'<where the rate comes from>'",
    ]) }} as advice
from listed
