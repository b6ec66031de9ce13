-- Two rows per counter: events and bytes. Every counter of a tenant, hour and type is kept, because
-- the vendor's table merges its rows in the background and only their sum is the usage.
with

counters as not materialized (
    select * from {{ ref('stg_infrasage__usage_counters') }}
),

-- The vendor calls the bytes raw in one place and compressed in another: they drive, never cost.
measured as (
    select
        event_type || '.events' as meter_key,
        event_count as quantity,
        1 as measure_number,
        'Events' as unit,
        account_key,
        hour_starts_at,
        load_id,
        row_number
    from counters
    union all
    select
        event_type || '.bytes' as meter_key,
        bytes_ingested as quantity,
        2 as measure_number,
        'B' as unit,
        account_key,
        hour_starts_at,
        load_id,
        row_number
    from counters
    where bytes_ingested is not null
),

conformed as (
    select
        'infrasage' as source_name,
        'infrasage.usage_metering' as export_name,
        'infrasage.usage_metering' as usage_group,
        1 as export_precedence,
        'slice' as overlap_rule,
        account_key,
        meter_key,
        md5(row(meter_key)::text)::uuid as record_key,
        null::uuid as copy_key,
        measure_number,
        null::text as resource_key,
        null::text as resource_name,
        null::text as owner_key,
        date_trunc('hour', hour_starts_at, 'UTC') as usage_start_at,
        date_trunc('hour', hour_starts_at, 'UTC') + interval '1 hour' as usage_end_at,
        null::timestamptz as occurred_at,
        true as is_in_window,
        quantity::numeric(38, 18) as quantity,
        unit,
        '{}'::jsonb as tags,
        load_id,
        row_number
    from measured
)

select * from conformed
