-- Lines of statements that are not closed, exact. A month's own cost, and in the month after the
-- last closed one what was frozen of each closed month against what it comes to today. A month
-- before the last closed one that was never closed itself was closed as an empty one.
with

costs as (
    select * from {{ ref('rpt_costs_monthly') }}
),

closed_statements as (
    select * from {{ ref('stg_loader__closed_statements') }}
),

last_closed as (
    select max(billing_period) as billing_period from {{ ref('stg_loader__closed_months') }}
),

current_costs as (
    select
        billing_period,
        team,
        source_name,
        currency,
        sum(effective_cost) as effective_cost
    from costs
    group by billing_period, team, source_name, currency
),

-- What was stated of a month: its own statement, and corrections in the statements after it.
stated_costs as (
    select
        coalesce(corrects_period, billing_period) as billing_period,
        team,
        source_name,
        currency,
        sum(effective_cost) as effective_cost
    from closed_statements
    group by coalesce(corrects_period, billing_period), team, source_name, currency
),

compared as (
    select
        coalesce(current_costs.billing_period, stated_costs.billing_period) as billing_period,
        coalesce(current_costs.team, stated_costs.team) as team,
        coalesce(current_costs.source_name, stated_costs.source_name) as source_name,
        coalesce(current_costs.currency, stated_costs.currency) as currency,
        (
            coalesce(current_costs.effective_cost, 0) - coalesce(stated_costs.effective_cost, 0)
        )::numeric(38, 12) as effective_cost
    from current_costs
    full join stated_costs
        on
            current_costs.billing_period = stated_costs.billing_period
            and current_costs.team = stated_costs.team
            and current_costs.source_name = stated_costs.source_name
            and current_costs.currency = stated_costs.currency
),

open_lines as (
    select
        compared.billing_period,
        compared.team,
        compared.source_name,
        null::text as charge_class,
        null::date as corrects_period,
        compared.currency,
        compared.effective_cost
    from compared
    cross join last_closed
    where (compared.billing_period <= last_closed.billing_period) is not true
    union all
    select
        (last_closed.billing_period + interval '1 month')::date as billing_period,
        compared.team,
        compared.source_name,
        'Correction' as charge_class,
        compared.billing_period as corrects_period,
        compared.currency,
        compared.effective_cost
    from compared
    cross join last_closed
    where
        compared.billing_period <= last_closed.billing_period
        and compared.effective_cost != 0
)

select * from open_lines
