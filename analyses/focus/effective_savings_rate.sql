-- How much is saved of the list price, in percent, by service? Null where the list cost is 0.
with

focus_rows as (
    select * from {{ ref('focus_cost_and_usage') }}
),

answer as (
    select
        "ProviderName",
        "ServiceName",
        "BillingCurrency",
        sum("ListCost") as "ListCost",
        sum("EffectiveCost") as "EffectiveCost",
        round(100 * (1 - sum("EffectiveCost") / nullif(sum("ListCost"), 0)), 2) as savings_percent
    from focus_rows
    where "ChargeClass" is distinct from 'Correction'
    group by "ProviderName", "ServiceName", "BillingCurrency"
)

select * from answer
order by "ProviderName", "ServiceName", "BillingCurrency"
