-- One row per load the loader ever began, whatever became of it, as of the beginning of a build: a
-- file that is loaded or withdrawn meanwhile would be in one model and not in the next.
with

source as (
    select * from {{ source('loader', 'loads') }}
),

renamed as (
    select
        load_id,
        export as export_name,
        account_key,
        uri,
        file_name,
        sha256,
        coalesce(rows_read, 0) as rows_read,
        coalesce(rows_loaded, 0) as rows_loaded,
        coalesce(rows_rejected, 0) as rows_rejected,
        coalesce(rows_blank, 0) as rows_blank,
        status,
        replaced_by,
        started_at,
        finished_at as loaded_at
    from source
)

select * from renamed
