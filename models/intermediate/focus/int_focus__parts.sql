-- One row per part of a priced charge, costs only parted. A charge for usage has one part. A fixed
-- charge has up to two: what was bought, credited or adjusted, as it was billed, and the use of it,
-- which has the rest. So FOCUS tells a fee paid on the first day from the days it pays for: a
-- purchase has no effective cost, what it covers has no billed cost, and the parts add up.
with

charges as (
    select * from {{ ref('fct_charges') }}
    where is_priced
),

kinds as (
    select false as is_use
    union all
    select true as is_use
),

parted as (
    select
        charges.*,
        kinds.is_use,
        charges.fixed_charge_id is not null
        and charges.charge_category in ('Purchase', 'Credit', 'Adjustment') as has_use,
        case when charges.charge_category = 'Purchase' then 0 else charges.billed_cost end
            as kept_cost
    from charges
    cross join kinds
    where not kinds.is_use or charges.fixed_charge_id is not null
),

costed as (
    select
        charge_id,
        is_use,
        usage_id,
        fixed_charge_id,
        price_id,
        load_id,
        source_name,
        account_key,
        attribution_key,
        case when is_use then 'Usage' else charge_category end as charge_category,
        charge_frequency,
        charge_class,
        charge_description,
        charge_start_at,
        charge_end_at,
        charge_date,
        billing_period,
        quantity,
        unit,
        pricing_quantity,
        pricing_unit,
        list_unit_price,
        contracted_unit_price,
        case
            when not has_use then list_cost
            when is_use then list_cost - kept_cost
            else kept_cost
        end::numeric(38, 12) as list_cost,
        case
            when not has_use then contracted_cost
            when is_use then contracted_cost - kept_cost
            else kept_cost
        end::numeric(38, 12) as contracted_cost,
        case
            when not has_use then effective_cost
            when is_use then effective_cost - kept_cost
            else kept_cost
        end::numeric(38, 12) as effective_cost,
        case when is_use then 0 else billed_cost end::numeric(38, 12) as billed_cost,
        currency,
        pricing_currency,
        exchange_rate,
        -- A day on which nothing was billed has no part billed, unless it has nothing else.
        has_use
        and billed_cost = 0
        and is_use = (list_cost = 0 and contracted_cost = 0 and effective_cost = 0) as is_empty
    from parted
    where has_use or not is_use
),

parts as (
    select * from costed
    where
        not is_empty
        and (not is_use or list_cost != 0 or contracted_cost != 0 or effective_cost != 0)
)

select * from parts
