with

source as (
    select * from {{ source('metronome', 'usage_events') }}
),

loads as (
    select * from {{ ref('stg_loader__loads') }}
),

renamed as (
    select
        source._load_id as load_id,
        source._row_number as row_number,
        loads.loaded_at,
        loads.account_key,
        source.transaction_id as transaction_key,
        source.customer_id as customer_or_alias,
        source.timestamp::timestamptz as happened_at,
        source.event_type,
        coalesce(nullif(source.properties::jsonb, 'null'), '{}') as properties
    from source
    inner join loads on source._load_id = loads.load_id
)

select * from renamed
