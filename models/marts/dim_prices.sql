-- One price of a meter and the days it holds, half-open. No contract means the list price holds; a
-- price that becomes known later than the build looks at is listed and not used.
with

prices as (
    select * from {{ ref('prices') }}
),

resolved as (
    select
        price_id,
        meter_id,
        cloud,
        region,
        currency,
        list_unit_price,
        coalesce(contracted_unit_price, list_unit_price) as contracted_unit_price,
        contracted_unit_price is not null as is_contracted,
        pricing_unit,
        pricing_block,
        valid_from,
        valid_to,
        known_from,
        coalesce(known_from <= ({{ as_of() }} at time zone 'UTC')::date, true) as is_known,
        reference
    from prices
)

select * from resolved
