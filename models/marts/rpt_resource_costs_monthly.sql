-- One row per month, resource, its own team, service, account and currency, before shared costs.
with

owned as (
    select * from {{ ref('int_allocation__owned') }}
),

monthly as (
    select
        billing_period,
        team,
        source_name,
        account_key,
        service_name,
        resource_key,
        max(resource_name) as resource_name,
        currency,
        sum(list_cost)::numeric(38, 12) as list_cost,
        sum(effective_cost)::numeric(38, 12) as effective_cost,
        min(first_charged_at) as first_used_at,
        max(last_charged_at) as last_used_at,
        sum(charges)::bigint as charges
    from owned
    group by
        billing_period, team, source_name, account_key, service_name, resource_key, currency
)

select * from monthly
