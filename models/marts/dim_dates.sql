-- Every day of every month that has a charge.
with

due as (
    select * from {{ ref('int_charges__due') }}
),

fixed_charges as (
    select * from {{ ref('int_charges__fixed') }}
),

months as (
    select date_trunc('month', usage_date::timestamp)::date as billing_period
    from due
    union distinct
    select date_trunc('month', charge_date::timestamp)::date as billing_period
    from fixed_charges
),

days as (
    select
        months.billing_period,
        series.calendar_at::date as calendar_date
    from months
    cross join
        lateral generate_series(
            months.billing_period::timestamp,
            months.billing_period::timestamp + interval '1 month' - interval '1 day',
            interval '1 day'
        ) as series (calendar_at)
),

described as (
    select
        calendar_date,
        billing_period,
        extract(isodow from calendar_date)::integer as iso_day_of_week,
        extract(isodow from calendar_date) >= 6 as is_weekend
    from days
)

select * from described
