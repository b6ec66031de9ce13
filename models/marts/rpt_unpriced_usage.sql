-- Usage that may cost money but has no price: what it is, how much, and the seed row that fixes it.
with

charges as (
    select * from {{ ref('fct_charges') }}
),

meters as (
    select * from {{ ref('dim_meters') }}
),

unpriced as (
    select
        charges.billing_period,
        charges.source_name,
        charges.meter_id,
        charges.unit,
        sum(charges.quantity) as quantity,
        count(*) as charges,
        min(charges.charge_start_at) as first_used_at,
        max(charges.charge_end_at) as last_used_at
    from charges
    where not charges.is_priced
    group by charges.billing_period, charges.source_name, charges.meter_id, charges.unit
),

explained as (
    select
        unpriced.billing_period,
        unpriced.source_name,
        unpriced.meter_id,
        meters.is_declared,
        unpriced.quantity::numeric(38, 18) as quantity,
        unpriced.unit,
        unpriced.charges,
        unpriced.first_used_at,
        unpriced.last_used_at,
        case when meters.is_declared then '' else 'seeds/meters.csv and ' end
        || 'seeds/prices.csv: '
        || concat_ws(
            ',',
            'my-price',
            unpriced.meter_id,
            '',
            '',
            'USD',
            '<list price>',
            '<contracted price>',
            unpriced.unit,
            '1',
            to_char(unpriced.first_used_at at time zone 'UTC', 'YYYY-MM-DD'),
            '',
            '<where the price comes from>'
        ) as suggested_fix
    from unpriced
    inner join meters on unpriced.meter_id = meters.meter_id
)

select * from explained
