-- One row per metric and event that passes its filters.
with

events as (
    select * from {{ ref('int_metrics__events') }}
),

definitions as (
    select * from {{ ref('int_metrics__definitions') }}
),

filters as (
    select * from {{ ref('int_metrics__filters') }}
),

-- As with Metronome, a property that is missing fails in_values and passes not_in_values.
matched as (
    select
        definitions.metric_id,
        definitions.aggregation,
        events.account_key,
        events.customer_id,
        case
            when cardinality(definitions.group_keys) = 0 then '{}'::jsonb
            else (
                select jsonb_object_agg(group_key, events.properties ->> group_key)
                from unnest(definitions.group_keys) as group_key
            )
        end as group_values,
        events.usage_start_at,
        events.properties ->> definitions.aggregation_property as property_value,
        array[extract(epoch from events.occurred_at), events.load_id, events.row_number]
            as event_order
    from events
    inner join definitions on events.meter_id = definitions.meter_id
    where not exists (
        select 1
        from filters
        where
            filters.metric_id = definitions.metric_id
            and (
                filters.must_exist = ((events.properties ->> filters.property_name) is null)
                or coalesce(
                    (events.properties ->> filters.property_name) != all(filters.in_values),
                    filters.in_values is not null
                )
                or (events.properties ->> filters.property_name) = any(filters.not_in_values)
            )
    )
)

select * from matched
