-- One row per load whose rows are to be read: those that count, and those a newer file of the same
-- name replaced, which say what changed. Failed and withdrawn loads are invisible from here.
with

source as (
    select * from {{ source('loader', 'loads') }}
),

readable as (
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
        finished_at as loaded_at,
        status = 'loaded' as is_current,
        replaced_by
    from source
    where status in ('loaded', 'replaced')
)

select * from readable
