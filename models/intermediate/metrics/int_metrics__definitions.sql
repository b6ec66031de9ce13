-- One row per metric and event type it takes in, so that events find their metrics by a plain join.
with

metrics as (
    select * from {{ ref('billable_metrics') }}
),

meters as (
    select * from {{ ref('dim_meters') }}
),

listed as (
    select
        metric_id,
        aggregation,
        aggregation_property,
        {{ list_cell('event_types') }} as event_types,
        {{ list_cell('excluded_event_types') }} as excluded_event_types,
        coalesce({{ list_cell('group_keys') }}, '{}') as group_keys
    from metrics
),

resolved as (
    select
        listed.metric_id,
        meters.meter_id,
        listed.aggregation,
        listed.aggregation_property,
        listed.group_keys
    from listed
    inner join meters
        on
            meters.source_name = 'metronome'
            and (listed.event_types is null or meters.meter_key = any(listed.event_types))
            and (
                listed.excluded_event_types is null
                or meters.meter_key != all(listed.excluded_event_types)
            )
)

select * from resolved
