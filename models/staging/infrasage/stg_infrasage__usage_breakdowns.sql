with

source as (
    select * from {{ source('infrasage', 'usage_breakdown') }}
),

loads as (
    select * from {{ ref('stg_loader__loads') }}
),

renamed as (
    select
        source._load_id as load_id,
        source._row_number as row_number,
        loads.account_key,
        source.period_start::timestamptz as period_start_at,
        source.period_end::timestamptz as period_end_at,
        nullif(source.service_id, '') as service_key,
        source.events::numeric(20, 0) as event_count,
        source.bytes::numeric(20, 0) as bytes_ingested,
        source.total_events::numeric(20, 0) as total_event_count,
        source.total_bytes::numeric(20, 0) as total_bytes_ingested
    from source
    inner join loads on source._load_id = loads.load_id
)

select * from renamed
