-- Who owned a resource in a month, by which rule, and what it cost its owner before sharing.
with

owned as (
    select * from {{ ref('int_allocation__owned') }}
),

owners as (
    select
        billing_period,
        source_name,
        account_key,
        resource_key,
        max(resource_name) as resource_name,
        team,
        rule_id as attribution_rule_id,
        currency,
        sum(effective_cost)::numeric(38, 12) as effective_cost,
        min(first_charged_at) as first_charged_at,
        max(last_charged_at) as last_charged_at
    from owned
    where resource_key is not null
    group by billing_period, source_name, account_key, resource_key, team, rule_id, currency
)

select * from owners
