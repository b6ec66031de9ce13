-- Guards invariant 1 between cost and our customers: shares, and cost without usage, are the cost
-- that is divided, by rule, month and currency.
with

shared as (
    select
        billing_period,
        rule_id,
        currency,
        sum(effective_cost) as effective_cost
    from {{ ref('rpt_unit_costs_monthly') }}
    where currency is not null
    group by billing_period, rule_id, currency
)

select
    coalesce(divided.billing_period, shared.billing_period) as billing_period,
    coalesce(divided.rule_id, shared.rule_id) as rule_id,
    coalesce(divided.currency, shared.currency) as currency,
    divided.effective_cost as cost_divided,
    shared.effective_cost as cost_shared
from {{ ref('int_unit_costs__divided_costs') }} as divided
full join shared
    on
        divided.billing_period = shared.billing_period
        and divided.rule_id = shared.rule_id
        and divided.currency = shared.currency
where divided.effective_cost is distinct from shared.effective_cost
