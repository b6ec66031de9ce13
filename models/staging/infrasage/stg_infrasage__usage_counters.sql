with

source as (
    select * from {{ source('infrasage', 'usage_metering') }}
),

loads as (
    select * from {{ ref('stg_loader__loads') }}
),

renamed as (
    select
        source._load_id as load_id,
        source._row_number as row_number,
        source.tenant_id as account_key,
        source.hour::timestamp at time zone 'UTC' as hour_starts_at,
        source.event_type,
        source.event_count::numeric(20, 0) as event_count,
        source.bytes_ingested::numeric(20, 0) as bytes_ingested
    from source
    inner join loads on source._load_id = loads.load_id
)

select * from renamed
