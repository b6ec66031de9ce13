-- One row per event: the platform's own customers' usage.
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

-- The first event with a transaction id counts, also when a later one says something else.
numbered as (
    select
        *,
        row_number() over (
            partition by account_key, transaction_key
            order by load_id, row_number
        ) as arrival_number
    from events
),

conformed as (
    select
        'metronome' as source_name,
        'metronome.usage_events' as export_name,
        1 as export_precedence,
        'record' as overlap_rule,
        numbered.account_key,
        numbered.event_type as meter_key,
        md5(row(numbered.transaction_key)::text) as record_key,
        coalesce(aliases.customer_id, numbered.customer_or_alias) as resource_key,
        customers.customer_name as resource_name,
        null::text as owner_key,
        date_trunc('hour', numbered.happened_at, 'UTC') as usage_start_at,
        date_trunc('hour', numbered.happened_at, 'UTC') + interval '1 hour' as usage_end_at,
        1::numeric(38, 18) as quantity,
        'Events' as unit,
        numbered.properties as tags,
        numbered.load_id,
        numbered.row_number
    from numbered
    left join aliases on numbered.customer_or_alias = aliases.ingest_alias
    left join customers
        on coalesce(aliases.customer_id, numbered.customer_or_alias) = customers.customer_id
    where numbered.arrival_number = 1
)

select * from conformed
