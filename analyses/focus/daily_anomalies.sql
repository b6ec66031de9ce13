-- Which days cost at least half as much again as the seven days before did on average? By service
-- and sub account; days without a charge count as 0, and a first week is not judged.
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

daily as (
    select
        date_trunc('day', "ChargePeriodStart", 'UTC') as charge_day,
        "ProviderName",
        "SubAccountId",
        "ServiceName",
        "BillingCurrency",
        sum("EffectiveCost") as "EffectiveCost"
    from focus_rows
    group by
        date_trunc('day', "ChargePeriodStart", 'UTC'),
        "ProviderName",
        "SubAccountId",
        "ServiceName",
        "BillingCurrency"
),

compared as (
    select
        *,
        coalesce(sum("EffectiveCost") over week_before, 0) / 7 as usual_cost,
        min(charge_day) over series as first_day
    from daily
    window
        series as (
            partition by "ProviderName", "SubAccountId", "ServiceName", "BillingCurrency"
        ),
        week_before as (
            partition by "ProviderName", "SubAccountId", "ServiceName", "BillingCurrency"
            order by charge_day
            range between interval '7 days' preceding and interval '1 day' preceding
        )
),

answer as (
    select
        charge_day,
        "ProviderName",
        "SubAccountId",
        "ServiceName",
        "BillingCurrency",
        "EffectiveCost",
        usual_cost
    from compared
    where
        charge_day >= first_day + interval '7 days'
        and "EffectiveCost" >= 1.5 * usual_cost
        and "EffectiveCost" >= 1
)

select * from answer
order by charge_day, "ProviderName", "SubAccountId", "ServiceName", "BillingCurrency"
