-- Guards that FOCUS loses and adds nothing: by source, load, month and currency, each of the four
-- costs is that of the priced charges, to the last digit, and every priced charge is there. A fixed
-- charge may have two rows, and is counted once.
with

charges as (
    select
        source_name,
        load_id,
        billing_period,
        currency,
        count(*) as charges,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost,
        sum(effective_cost) as effective_cost,
        sum(billed_cost) as billed_cost
    from {{ ref('fct_charges') }}
    where is_priced
    group by source_name, load_id, billing_period, currency
),

focus_rows as (
    select
        "x_SourceName" as source_name,
        "x_LoadId" as load_id,
        ("BillingPeriodStart" at time zone 'UTC')::date as billing_period,
        "BillingCurrency" as currency,
        count("x_UsageId") + count(distinct case when "x_UsageId" is null then "x_ChargeId" end)
            as charges,
        sum("ListCost") as list_cost,
        sum("ContractedCost") as contracted_cost,
        sum("EffectiveCost") as effective_cost,
        sum("BilledCost") as billed_cost
    from {{ ref('focus_cost_and_usage') }}
    group by "x_SourceName", "x_LoadId", "BillingPeriodStart", "BillingCurrency"
)

select
    charges.*,
    focus_rows.effective_cost as focus_effective_cost
from charges
full join focus_rows
    on
        charges.source_name = focus_rows.source_name
        and coalesce(charges.load_id, 0) = coalesce(focus_rows.load_id, 0)
        and charges.billing_period = focus_rows.billing_period
        and charges.currency = focus_rows.currency
where
    (
        charges.charges,
        charges.list_cost,
        charges.contracted_cost,
        charges.effective_cost,
        charges.billed_cost
    ) is distinct from (
        focus_rows.charges,
        focus_rows.list_cost,
        focus_rows.contracted_cost,
        focus_rows.effective_cost,
        focus_rows.billed_cost
    )
