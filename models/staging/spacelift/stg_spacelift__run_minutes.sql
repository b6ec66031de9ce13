with

source as (
    select * from {{ source('spacelift', 'run_minutes') }}
),

loads as (
    select * from {{ ref('stg_loader__loads') }}
),

renamed as (
    select
        source._load_id as load_id,
        source._row_number as row_number,
        loads.account_key,
        to_timestamp(source.timestamp_unix::bigint) as counted_at,
        source.state_duration_minutes::numeric(38, 18) as state_duration_minutes,
        source.public::boolean as is_public,
        nullif(source.run_state, '') as run_state,
        nullif(source.run_type, '') as run_type,
        nullif(source.run_ulid, '') as run_key,
        nullif(source.stack_name, '') as stack_name,
        nullif(source.stack_slug, '') as stack_slug,
        nullif(source.stack_ulid, '') as stack_key,
        source.is_stack::boolean as is_stack,
        nullif(source.worker_pool_name, '') as worker_pool_name,
        nullif(source.worker_pool_ulid, '') as worker_pool_key
    from source
    inner join loads on source._load_id = loads.load_id
)

select * from renamed
