-- One row per day a version of a price list became known, meter, account and day of usage whose
-- price it changed: the price believed before and the one believed since.
with

prices as (
    select * from {{ ref('dim_prices') }}
    where is_known
),

meter_days as (
    select * from {{ ref('int_usage__meter_days') }}
),

accounts as (
    select * from {{ ref('accounts') }}
),

news as (
    select distinct
        meter_id,
        known_from
    from prices
    where known_from is not null
),

candidates as (
    select
        news.known_from,
        meter_days.source_name,
        meter_days.account_key,
        meter_days.meter_id,
        meter_days.usage_date,
        prices.price_id,
        prices.region,
        prices.cloud,
        prices.known_from as price_known_from
    from meter_days
    inner join news on meter_days.meter_id = news.meter_id
    left join accounts
        on
            meter_days.source_name = accounts.source_name
            and meter_days.account_key = accounts.account_key
    inner join prices
        on
            news.meter_id = prices.meter_id
            and {{ price_may_hold('prices', 'accounts', 'meter_days.usage_date') }}
            and (prices.known_from is null or news.known_from >= prices.known_from)
),
{% for belief in ['before', 'since'] %}
believed_{{ belief }} as (
    select distinct on (known_from, meter_id, account_key, usage_date)
        known_from,
        source_name,
        account_key,
        meter_id,
        usage_date,
        price_id
    from candidates
    {%- if belief == 'before' %}
    where price_known_from is distinct from known_from
    {%- endif %}
    order by
        known_from asc,
        meter_id asc,
        account_key asc,
        usage_date asc,
        {{ price_that_holds_first('region', 'cloud', 'price_known_from') }}
),
{% endfor %}
changed as (
    select
        believed_since.known_from,
        believed_since.source_name,
        believed_since.account_key,
        believed_since.meter_id,
        believed_since.usage_date,
        believed_before.price_id as previous_price_id,
        believed_since.price_id
    from believed_since
    left join believed_before
        on
            believed_since.known_from = believed_before.known_from
            and believed_since.meter_id = believed_before.meter_id
            and believed_since.account_key = believed_before.account_key
            and believed_since.usage_date = believed_before.usage_date
    where believed_since.price_id is distinct from believed_before.price_id
)

select * from changed
