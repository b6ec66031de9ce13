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
        min(meter_id) as meter_id,
        bool_and(is_fixed) as is_fixed,
        currency,
        sum(effective_cost)::numeric(38, 12) as effective_cost,
        min(first_charged_at) as first_used_at,
        max(last_charged_at) as last_used_at
    from owned
    where rule_id is null
    group by billing_period, source_name, account_key, service_name, resource_key, currency
),

-- What a resource costs follows the resource. A fee has none, and its meter is its own; for the
-- rest the account decides, after every rule that knows more.
suggested as (
    select
        *,
        case
            when resource_key is not null then 'resource_key'
            when is_fixed then 'meter_id'
            else 'account_key'
        end as attribute,
        case
            when resource_key is not null then resource_key
            when is_fixed then meter_id
            else account_key
        end as attribute_value
    from unallocated
),

explained as (
    select
        billing_period,
        source_name,
        account_key,
        service_name,
        resource_key,
        resource_name,
        currency,
        effective_cost,
        first_used_at,
        last_used_at,
        'seeds/attribution_rules.csv: '
        || {{ csv_row([
            "'own-' || attribute_value", "case attribute when 'account_key' then '90' else '50' end",
            'source_name', 'attribute', "'equals'", 'attribute_value', "'<team>'",
            "to_char(first_used_at at time zone 'UTC', 'YYYY-MM-DD')", "''", "'<why>'",
        ]) }} as suggested_fix
    from suggested
)

select * from explained
