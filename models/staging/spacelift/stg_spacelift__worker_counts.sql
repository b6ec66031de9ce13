with

source as (
    select * from {{ source('spacelift', 'worker_count') }}
),

loads as (
    select * from {{ ref('stg_loader__loads') }}
),

renamed as (
    select
        source._load_id as load_id,
        source._row_number as row_number,
        loads.account_key,
        source.id::bigint as worker_count_key,
        to_timestamp(source.timestamp_unix::bigint) as counted_at,
        source.count::bigint as worker_count,
        nullif(source.worker_pool_name, '') as worker_pool_name
    from source
    inner join loads on source._load_id = loads.load_id
)

select * from renamed
