-- How does the cost of each service change from month to month? The change of a service's first
-- month is null.
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

answer as (
    select
        "BillingPeriodStart",
        "ServiceName",
        "BillingCurrency",
        sum("EffectiveCost") as "EffectiveCost",
        sum("EffectiveCost") - lag(sum("EffectiveCost")) over (
            partition by "ServiceName", "BillingCurrency"
            order by "BillingPeriodStart"
        ) as cost_change
    from focus_rows
    group by "BillingPeriodStart", "ServiceName", "BillingCurrency"
)

select * from answer
order by "ServiceName", "BillingCurrency", "BillingPeriodStart"
