-- Guards invariant 2: the days' parts of a fixed charge add up to its amount, to the last digit.
with

parts as (
    select
        fixed_charge_id,
        sum(effective_cost) as amount
    from {{ ref('fct_charges') }}
    where fixed_charge_id is not null
    group by fixed_charge_id
)

select
    fixed_charges.fixed_charge_id,
    fixed_charges.amount,
    parts.amount as amount_spread
from {{ ref('fixed_charges') }} as fixed_charges
left join parts on fixed_charges.fixed_charge_id = parts.fixed_charge_id
where fixed_charges.amount is distinct from parts.amount
