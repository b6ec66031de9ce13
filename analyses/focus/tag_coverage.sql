-- How much of the cost carries a tag that somebody set? The vendor's own tags have a prefix with a
-- slash and do not count.
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

marked as (
    select
        "ProviderName",
        "BillingCurrency",
        "EffectiveCost",
        coalesce(
            jsonb_path_exists("Tags", '$.keyvalue() ? (!(@.key like_regex "/"))'), false
        ) as is_tagged
    from focus_rows
),

answer as (
    select
        "ProviderName",
        "BillingCurrency",
        sum(case when is_tagged then "EffectiveCost" else 0 end) as tagged_cost,
        sum("EffectiveCost") as "EffectiveCost",
        round(
            100
            * sum(case when is_tagged then "EffectiveCost" else 0 end)
            / nullif(sum("EffectiveCost"), 0),
            2
        ) as tagged_percent
    from marked
    group by "ProviderName", "BillingCurrency"
)

select * from answer
order by "ProviderName", "BillingCurrency"
