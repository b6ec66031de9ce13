-- What does each team cost, and by which method did the cost get to it?
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

answer as (
    select
        "BillingPeriodStart",
        "x_Team",
        "x_AllocatedMethodId",
        "BillingCurrency",
        sum("EffectiveCost") as "EffectiveCost"
    from focus_rows
    group by "BillingPeriodStart", "x_Team", "x_AllocatedMethodId", "BillingCurrency"
)

select * from answer
order by "BillingPeriodStart", "x_Team", "x_AllocatedMethodId", "BillingCurrency"
