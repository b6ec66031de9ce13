with

allocated as (
    select * from {{ ref('fct_allocated_costs_daily') }}
),

daily as (
    select
        usage_date,
        team,
        source_name,
        service_name,
        currency,
        sum(list_cost)::numeric(38, 12) as list_cost,
        sum(effective_cost)::numeric(38, 12) as effective_cost,
        sum(billed_cost)::numeric(38, 12) as billed_cost
    from allocated
    group by usage_date, team, source_name, service_name, currency
)

select * from daily
