with

daily as (
    select * from {{ ref('rpt_costs_daily') }}
),

monthly as (
    select
        date_trunc('month', usage_date::timestamp)::date as billing_period,
        team,
        source_name,
        service_name,
        currency,
        sum(list_cost)::numeric(38, 12) as list_cost,
        sum(effective_cost)::numeric(38, 12) as effective_cost,
        sum(billed_cost)::numeric(38, 12) as billed_cost
    from daily
    group by
        date_trunc('month', usage_date::timestamp)::date,
        team,
        source_name,
        service_name,
        currency
)

select * from monthly
