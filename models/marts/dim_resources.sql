-- Every resource seen in usage, with its newest name and the owner of its latest charge.
with

usage_records as (
    select * from {{ ref('fct_usage_hourly') }}
),

owners as (
    select * from {{ ref('int_allocation__owners') }}
),

seen as (
    select
        source_name,
        account_key,
        resource_key,
        min(usage_start_at) as first_used_at,
        max(usage_end_at) as last_used_at
    from usage_records
    where resource_key is not null
    group by source_name, account_key, resource_key
),

newest as (
    select distinct on (
        usage_records.source_name, usage_records.account_key, usage_records.resource_key
    )
        usage_records.source_name,
        usage_records.account_key,
        usage_records.resource_key,
        usage_records.resource_name,
        owners.team,
        owners.rule_id as attribution_rule_id
    from usage_records
    left join owners
        on
            usage_records.attribution_key = owners.attribution_key
            and usage_records.usage_date = owners.charge_date
    where usage_records.resource_key is not null
    order by
        usage_records.source_name asc,
        usage_records.account_key asc,
        usage_records.resource_key asc,
        usage_records.usage_start_at desc,
        owners.team asc nulls last,
        usage_records.usage_id asc
),

described as (
    select
        md5(row(seen.source_name, seen.account_key, seen.resource_key)::text) as resource_id,
        seen.source_name,
        seen.account_key,
        seen.resource_key,
        newest.resource_name,
        newest.team,
        newest.attribution_rule_id,
        seen.first_used_at,
        seen.last_used_at
    from seen
    inner join newest
        on
            seen.source_name = newest.source_name
            and seen.account_key = newest.account_key
            and seen.resource_key = newest.resource_key
)

select * from described
