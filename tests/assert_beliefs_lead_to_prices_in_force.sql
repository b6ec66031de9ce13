-- Guards fct_repricing: of each meter, account and day whose price a later version changed, what is
-- believed follows on what was believed before, and the last belief is the price charged.
with

beliefs as (
    select
        *,
        lag(price_id) over one_day as believed_before,
        row_number() over one_day as belief_number,
        lead(price_id) over one_day is null as is_last
    from {{ ref('int_charges__beliefs') }}
    window one_day as (partition by meter_id, account_key, usage_date order by known_from)
)

select
    beliefs.known_from,
    beliefs.meter_id,
    beliefs.account_key,
    beliefs.usage_date,
    beliefs.previous_price_id,
    beliefs.price_id,
    prices_in_force.price_id as price_id_in_force
from beliefs
left join {{ ref('int_charges__prices_in_force') }} as prices_in_force
    on
        beliefs.meter_id = prices_in_force.meter_id
        and beliefs.account_key = prices_in_force.account_key
        and beliefs.usage_date = prices_in_force.usage_date
where
    (
        beliefs.belief_number > 1
        and beliefs.previous_price_id is distinct from beliefs.believed_before
    )
    or (beliefs.is_last and beliefs.price_id is distinct from prices_in_force.price_id)
