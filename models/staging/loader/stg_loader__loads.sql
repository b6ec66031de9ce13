-- One row per load whose rows count: failed, replaced and withdrawn loads are invisible from here.
with

source as (
    select * from {{ source('loader', 'loads') }}
),

visible as (
    select
        load_id,
        export as export_name,
        account_key,
        uri,
        file_name,
        sha256,
        rows_read,
        rows_loaded,
        rows_rejected,
        rows_blank,
        finished_at as loaded_at
    from source
    where status = 'loaded'
)

select * from visible
