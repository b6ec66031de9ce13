-- Every day from the first month with a charge to the last, without a gap, for the semantic layer.
with

dates as (
    select * from {{ ref('dim_dates') }}
),

bounds as (
    select
        min(calendar_date) as first_date,
        max(calendar_date) as last_date
    from dates
),

days as (
    select series.calendar_at::date as calendar_date
    from bounds
    cross join
        lateral generate_series(
            bounds.first_date::timestamp, bounds.last_date::timestamp, interval '1 day'
        ) as series (calendar_at)
)

select * from days
