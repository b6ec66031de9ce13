-- One row per event sent: the platform's own customers' usage. Which events of one transaction id
-- count is decided in int_usage__duplicates.
with

events as (
    select * from {{ ref('stg_metronome__usage_events') }}
),

aliases as (
    select * from {{ ref('metronome_customer_aliases') }}
),

customers as (
    select * from {{ ref('metronome_customers') }}
),

conformed as (
    select
        'metronome' as source_name,
        'metronome.usage_events' as export_name,
        'metronome.usage_events' as usage_group,
        1 as export_precedence,
        'record' as overlap_rule,
        events.account_key,
        events.event_type as meter_key,
        md5(row(events.transaction_key)::text)::uuid as record_key,
        null::uuid as copy_key,
        1 as measure_number,
        coalesce(aliases.customer_id, events.customer_or_alias) as resource_key,
        customers.customer_name as resource_name,
        null::text as owner_key,
        date_trunc('hour', events.happened_at, 'UTC') as usage_start_at,
        date_trunc('hour', events.happened_at, 'UTC') + interval '1 hour' as usage_end_at,
        events.happened_at as occurred_at,
        events.happened_at <= events.loaded_at + interval '24 hours' as is_in_window,
        1::numeric(38, 18) as quantity,
        'Events' as unit,
        events.properties as tags,
        events.load_id,
        events.row_number
    from events
    left join aliases on events.customer_or_alias = aliases.ingest_alias
    left join customers
        on coalesce(aliases.customer_id, events.customer_or_alias) = customers.customer_id
)

select * from conformed
