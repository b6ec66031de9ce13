-- One row per FOCUS row: a part of a charge with quantities, prices and SKU price by FOCUS' rules.
-- What is bought has the price 0, because its price stands on the days it pays for; a tax has no
-- price at all; a credit or adjustment has none either.
with

parts as (
    select * from {{ ref('int_focus__parts') }}
),

units as (
    select * from {{ ref('focus_units') }}
),

-- A day of a fee given back counts as a day taken off, since no unit price may be negative.
counted as (
    select
        *,
        fixed_charge_id is null as is_metered,
        is_use
        or (fixed_charge_id is not null and charge_category in ('Usage', 'Purchase')) as is_counted,
        case when least(list_cost, contracted_cost) < 0 then -1 else 1 end as direction
    from parts
),

-- The days of a fee differ in the last digit, so that they add up; its price per day should not.
priced as (
    select
        *,
        case when is_metered then quantity when charge_category = 'Usage' then direction end
            as consumed_quantity,
        case when is_metered then unit when charge_category = 'Usage' then 'Days' end
            as consumed_unit,
        case when is_metered then pricing_quantity when is_counted then direction end
            as focus_pricing_quantity,
        case
            when is_metered then pricing_unit
            when charge_category = 'Usage' then 'Days'
            when is_counted then 'Units'
        end as focus_pricing_unit,
        case
            when is_metered then list_unit_price * exchange_rate
            when is_counted then round(list_cost * direction, 10)
        end as focus_list_unit_price,
        case
            when is_metered then contracted_unit_price * exchange_rate
            when is_counted then round(contracted_cost * direction, 10)
        end as focus_contracted_unit_price,
        case
            when is_use then fixed_charge_id || ' per day'
            when is_metered or is_counted then coalesce(price_id, fixed_charge_id)
        end as sku_price_id
    from counted
),

described as (
    select
        priced.charge_id,
        priced.usage_id,
        priced.fixed_charge_id,
        priced.price_id,
        priced.load_id,
        priced.source_name,
        priced.account_key,
        priced.attribution_key,
        priced.charge_category,
        priced.charge_frequency,
        priced.charge_class,
        priced.charge_description,
        priced.charge_start_at,
        priced.charge_end_at,
        priced.charge_date,
        priced.billing_period,
        priced.consumed_quantity,
        coalesce(consumed_units.focus_unit, priced.consumed_unit) as consumed_unit,
        priced.focus_pricing_quantity as pricing_quantity,
        coalesce(pricing_units.focus_unit, priced.focus_pricing_unit) as pricing_unit,
        priced.focus_list_unit_price as list_unit_price,
        priced.focus_contracted_unit_price as contracted_unit_price,
        priced.list_cost,
        priced.contracted_cost,
        priced.effective_cost,
        priced.billed_cost,
        priced.currency,
        priced.pricing_currency,
        priced.exchange_rate,
        priced.sku_price_id,
        priced.charge_category != 'Tax' as has_sku
    from priced
    left join units as consumed_units on priced.consumed_unit = consumed_units.unit
    left join units as pricing_units on priced.focus_pricing_unit = pricing_units.unit
)

select * from described
