-- Guards invariant 2: the parts of a fixed charge add up to its amount, to the last digit; billed
-- at once, and as cost over its period. Credits paid in advance come to their amount once they have
-- run out: what was used and not billed again, and what expired.
with

charges as (
    select
        fixed_charges.fixed_charge_id,
        fixed_charges.charge_category = charges.charge_category as is_own,
        charges.billed_cost,
        charges.effective_cost
    from {{ ref('fixed_charges') }} as fixed_charges
    inner join {{ ref('fct_charges') }} as charges
        on fixed_charges.fixed_charge_id = charges.fixed_charge_id
),

parts as (
    select
        fixed_charge_id,
        sum(billed_cost) filter (where is_own) as billed_cost,
        sum(effective_cost) filter (where is_own) as effective_cost,
        sum(effective_cost - billed_cost) filter (where not is_own) as prepaid_cost
    from charges
    group by fixed_charge_id
)

select
    amounts.fixed_charge_id,
    amounts.charged_amount,
    parts.billed_cost,
    coalesce(parts.prepaid_cost, parts.effective_cost) as effective_cost
from {{ ref('int_charges__fixed_amounts') }} as amounts
left join parts on amounts.fixed_charge_id = parts.fixed_charge_id
where
    amounts.charged_amount is not null
    and (
        amounts.charged_amount is distinct from parts.billed_cost
        or (
            amounts.prepaid_amount is null
            and amounts.charged_amount is distinct from parts.effective_cost
        )
        or (
            amounts.prepaid_amount is not null
            and amounts.period_end <= ({{ as_of() }} at time zone 'UTC')::date
            and amounts.charged_amount is distinct from coalesce(parts.prepaid_cost, 0)
        )
    )
