-- One row per fixed charge and day of its period. Each day's part is the difference of two rounded
-- running totals, so the parts add up to the amount exactly.
with

fixed_charges as (
    select * from {{ ref('fixed_charges') }}
),

meters as (
    select * from {{ ref('meters') }}
),

days as (
    select
        fixed_charges.*,
        fixed_charges.period_start + series.day_number - 1 as charge_date,
        series.day_number,
        fixed_charges.period_end - fixed_charges.period_start as days_in_period
    from fixed_charges
    cross join
        lateral generate_series(1, fixed_charges.period_end - fixed_charges.period_start)
            as series (day_number)
),

spread as (
    select
        days.fixed_charge_id,
        days.source_name,
        days.account_key,
        days.meter_id,
        meters.service_name,
        days.charge_category,
        days.currency,
        days.charge_date,
        null::text as resource_key,
        null::text as resource_name,
        null::text as owner_key,
        '{}'::jsonb as tags,
        round(days.amount * days.day_number / days.days_in_period, 12)
        - round(days.amount * (days.day_number - 1) / days.days_in_period, 12) as amount
    from days
    left join meters on days.meter_id = meters.meter_id
)

select * from spread
