-- What does each application cost a month, by its tag? Here the tag is team, written either way;
-- cost without it is the row without a name.
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

answer as (
    select
        "BillingPeriodStart",
        lower(coalesce("Tags" ->> 'team', "Tags" ->> 'Team')) as application,
        "BillingCurrency",
        sum("EffectiveCost") as "EffectiveCost"
    from focus_rows
    group by
        "BillingPeriodStart",
        lower(coalesce("Tags" ->> 'team', "Tags" ->> 'Team')),
        "BillingCurrency"
)

select * from answer
order by "BillingPeriodStart", application, "BillingCurrency"
