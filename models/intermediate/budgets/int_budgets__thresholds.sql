-- One row per budget and threshold; a budget that names none has 50, 80, 95 and 100 percent.
with

budgets as (
    select * from {{ ref('budgets') }}
),

listed as (
    select
        team,
        period_start,
        period_end,
        amount,
        currency,
        coalesce(nullif(trim(thresholds), ''), '50;80;95;100') as thresholds
    from budgets
),

split as (
    select
        listed.*,
        trim(entries.entry)::integer as threshold,
        (listed.amount * trim(entries.entry)::integer / 100)::numeric(38, 12) as threshold_amount
    from listed
    cross join lateral string_to_table(listed.thresholds, ';') as entries (entry)
)

select * from split
