-- Guards the cents of statements, closed ones too: they add up to the month's total rounded once,
-- and no line is a cent or more away from its exact cost.
select
    billing_period,
    currency,
    sum(effective_cost) as effective_cost,
    sum(amount) as amount
from {{ ref('rpt_chargeback_monthly') }}
group by billing_period, currency
having
    sum(amount) != round(sum(effective_cost), 2)
    or max(abs(amount - effective_cost)) >= 0.01
