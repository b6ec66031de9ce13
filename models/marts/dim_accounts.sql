-- Every vendor account that is named in the seed or seen in usage.
with

declared as (
    select * from {{ ref('accounts') }}
),

meter_hours as (
    select * from {{ ref('int_usage__meter_hours') }}
),

seen as (
    select
        source_name,
        account_key,
        min(usage_start_at) as first_used_at,
        max(usage_start_at) + interval '1 hour' as last_used_at
    from meter_hours
    group by source_name, account_key
),

combined as (
    select
        coalesce(declared.source_name, seen.source_name) as source_name,
        coalesce(declared.account_key, seen.account_key) as account_key,
        declared.account_name,
        declared.cloud,
        declared.region,
        declared.billing_account_key,
        declared.billing_account_name,
        declared.account_key is not null as is_declared,
        seen.first_used_at,
        seen.last_used_at
    from declared
    full join seen
        on
            declared.source_name = seen.source_name
            and declared.account_key = seen.account_key
)

select * from combined
