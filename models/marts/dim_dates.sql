-- Every day from the first to the last month that has a charge, without gaps.
with

charges as (
    select * from {{ ref('fct_charges') }}
),

months as (
    select
        min(billing_period)::timestamp as first_month,
        max(billing_period)::timestamp + interval '1 month' - interval '1 day' as last_day
    from charges
),

days as (
    select series.calendar_at::date as calendar_date
    from months
    cross join
        lateral generate_series(months.first_month, months.last_day, interval '1 day')
            as series (calendar_at)
),

described as (
    select
        calendar_date,
        date_trunc('month', calendar_date::timestamp)::date as billing_period,
        extract(isodow from calendar_date)::integer as iso_day_of_week,
        extract(isodow from calendar_date) >= 6 as is_weekend
    from days
)

select * from described
