-- Every meter declared in the seed or seen in usage; one that is only seen needs a decision.
with

declared as (
    select * from {{ ref('meters') }}
),

meter_hours as (
    select * from {{ ref('int_usage__meter_hours') }}
),

seen as (
    select
        meter_id,
        source_name,
        min(unit) as unit,
        min(usage_start_at) as first_used_at,
        max(usage_start_at) + interval '1 hour' as last_used_at
    from meter_hours
    group by meter_id, source_name
),

combined as (
    select
        coalesce(declared.meter_id, seen.meter_id) as meter_id,
        coalesce(declared.source_name, seen.source_name) as source_name,
        coalesce(declared.meter_key, substr(seen.meter_id, length(seen.source_name) + 2))
            as meter_key,
        declared.service_name,
        coalesce(declared.unit, seen.unit) as unit,
        declared.kind,
        declared.role,
        declared.daily_aggregation,
        declared.description,
        declared.meter_id is not null as is_declared,
        seen.first_used_at,
        seen.last_used_at
    from declared
    full join seen on declared.meter_id = seen.meter_id
)

select * from combined
