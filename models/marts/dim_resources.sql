-- Every resource seen in usage, with its newest name and the owner of its latest charge.
with

usage_records as (
    select * from {{ ref('fct_usage_hourly') }}
),

profiles as (
    select * from {{ ref('int_allocation__profiles') }}
),

owners as (
    select * from {{ ref('int_allocation__owners') }}
),

seen as (
    select
        attribution_key,
        min(usage_start_at) as first_used_at,
        max(usage_end_at) as last_used_at,
        max(usage_date) as last_used_on
    from usage_records
    group by attribution_key
),

identified as (
    select
        profiles.source_name,
        profiles.account_key,
        profiles.resource_key,
        profiles.resource_name,
        seen.attribution_key,
        seen.first_used_at,
        seen.last_used_at,
        owners.team,
        owners.rule_id as attribution_rule_id
    from seen
    inner join profiles on seen.attribution_key = profiles.attribution_key
    left join owners
        on
            seen.attribution_key = owners.attribution_key
            and seen.last_used_on >= owners.valid_from
            and seen.last_used_on < owners.valid_to
    where profiles.resource_key is not null
),

used as (
    select
        source_name,
        account_key,
        resource_key,
        min(first_used_at) as first_used_at,
        max(last_used_at) as last_used_at
    from identified
    group by source_name, account_key, resource_key
),

newest as (
    select distinct on (source_name, account_key, resource_key)
        source_name,
        account_key,
        resource_key,
        resource_name
    from identified
    order by
        source_name asc,
        account_key asc,
        resource_key asc,
        last_used_at desc,
        attribution_key asc
),

-- Usage that only drives allocation has no owner: the team is that of the newest usage that has.
owned as (
    select distinct on (source_name, account_key, resource_key)
        source_name,
        account_key,
        resource_key,
        team,
        attribution_rule_id
    from identified
    where team is not null
    order by
        source_name asc,
        account_key asc,
        resource_key asc,
        last_used_at desc,
        team asc,
        attribution_key asc
),

described as (
    select
        md5(row(used.source_name, used.account_key, used.resource_key)::text) as resource_id,
        used.source_name,
        used.account_key,
        used.resource_key,
        newest.resource_name,
        owned.team,
        owned.attribution_rule_id,
        used.first_used_at,
        used.last_used_at
    from used
    inner join newest
        on
            used.source_name = newest.source_name
            and used.account_key = newest.account_key
            and used.resource_key = newest.resource_key
    left join owned
        on
            used.source_name = owned.source_name
            and used.account_key = owned.account_key
            and used.resource_key = owned.resource_key
)

select * from described
