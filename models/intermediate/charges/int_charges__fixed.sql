-- One row per fixed charge and part. An amortised charge is billed on its first day and its cost is
-- spread over the days of its period: each day is the difference of two rounded running totals, so
-- the days add up to the amount exactly. Any other charge is one row, on its first day.
with

amounts as (
    select * from {{ ref('int_charges__fixed_amounts') }}
),

prepaid as (
    select * from {{ ref('int_charges__prepaid') }}
),

meters as (
    select * from {{ ref('meters') }}
),

days as (
    select
        amounts.*,
        series.day_number,
        amounts.period_start + series.day_number - 1 as charge_date,
        case when amounts.is_amortised then amounts.period_end - amounts.period_start else 1 end
            as days_charged
    from amounts
    cross join
        lateral generate_series(
            1,
            case when amounts.is_amortised then amounts.period_end - amounts.period_start else 1 end
        ) as series (day_number)
),

spread as (
    select
        fixed_charge_id,
        'charge' as part,
        charge_date,
        charge_category,
        charged_amount * (day_number = 1)::integer as billed_cost,
        case
            when prepaid_amount is not null then charged_amount * 0
            else
                round(charged_amount * day_number / days_charged, 12)
                - round(charged_amount * (day_number - 1) / days_charged, 12)
        end as effective_cost
    from days
),

parts as (
    select
        fixed_charge_id,
        part,
        charge_date,
        charge_category,
        billed_cost,
        effective_cost
    from spread
    union all
    select
        fixed_charge_id,
        part,
        charge_date,
        charge_category,
        billed_cost,
        effective_cost
    from prepaid
),

described as (
    select
        parts.fixed_charge_id,
        parts.part,
        parts.charge_date,
        amounts.source_name,
        amounts.account_key,
        amounts.meter_id,
        meters.service_name,
        parts.charge_category,
        case when parts.part = 'charge' then amounts.charge_frequency else 'Usage-Based' end
            as charge_frequency,
        amounts.charge_class,
        amounts.description as charge_description,
        amounts.currency as pricing_currency,
        amounts.exchange_rate,
        null::text as resource_key,
        null::text as resource_name,
        null::text as owner_key,
        '{}'::jsonb as tags,
        parts.billed_cost::numeric(38, 12) as billed_cost,
        parts.effective_cost::numeric(38, 12) as effective_cost
    from parts
    inner join amounts on parts.fixed_charge_id = amounts.fixed_charge_id
    left join meters on amounts.meter_id = meters.meter_id
)

select * from described
