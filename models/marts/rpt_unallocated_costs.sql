-- Cost that no attribution rule gives to a team, before any of it is shared: by resource, with the
-- seed row that would fix it.
with

owned as (
    select * from {{ ref('int_allocation__owned') }}
),

unallocated as (
    select
        billing_period,
        source_name,
        account_key,
        service_name,
        resource_key,
        max(resource_name) as resource_name,
        currency,
        sum(effective_cost)::numeric(38, 12) as effective_cost,
        min(first_charged_at) as first_used_at,
        max(last_charged_at) as last_used_at
    from owned
    where rule_id is null
    group by billing_period, source_name, account_key, service_name, resource_key, currency
),

explained as (
    select
        *,
        'seeds/attribution_rules.csv: '
        || {{ csv_row([
            "'own-' || coalesce(resource_key, account_key)", "'50'", 'source_name',
            "case when resource_key is null then 'account_key' else 'resource_key' end",
            "'equals'", 'coalesce(resource_key, account_key)', "'<team>'",
            "to_char(first_used_at at time zone 'UTC', 'YYYY-MM-DD')", "''", "'<why>'",
        ]) }} as suggested_fix
    from unallocated
)

select * from explained
