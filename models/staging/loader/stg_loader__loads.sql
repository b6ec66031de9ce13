-- One row per load whose rows are to be read: those that count, and those a newer file of the same
-- name replaced, which say what changed. Failed and withdrawn loads are invisible from here.
with

ledger as (
    select * from {{ ref('stg_loader__ledger') }}
),

readable as (
    select
        load_id,
        export_name,
        account_key,
        uri,
        file_name,
        sha256,
        rows_read,
        rows_loaded,
        rows_rejected,
        rows_blank,
        loaded_at,
        status = 'loaded' as is_current,
        replaced_by
    from ledger
    where status in ('loaded', 'replaced')
)

select * from readable
