-- Where the rows of each load are: every record that was read was loaded, rejected or blank, and
-- every loaded row counts, is superseded, repeats another, is out of window or was withdrawn.
with

loads as (
    select * from {{ ref('stg_loader__ledger') }}
),

slice_status as (
    select * from {{ ref('int_usage__slice_status') }}
),

placed as (
    select
        load_id,
        sum(rows_held - rows_repeated - rows_duplicate - rows_out_of_window)
        filter (where status != 'superseded') as rows_current,
        sum(rows_held - rows_repeated) filter (where status = 'superseded') as rows_superseded,
        sum(rows_repeated + rows_duplicate) as rows_duplicate,
        sum(rows_out_of_window) as rows_out_of_window
    from slice_status
    group by load_id
),

balanced as (
    select
        loads.load_id,
        loads.export_name,
        loads.account_key,
        loads.file_name,
        loads.status,
        loads.replaced_by,
        loads.loaded_at,
        loads.rows_read,
        loads.rows_loaded,
        loads.rows_rejected,
        loads.rows_blank,
        case
            when
                loads.status = 'loaded'
                and loads.export_name in ({{ declared_names('export', usage=false) }})
                then loads.rows_loaded
            else coalesce(placed.rows_current, 0)
        end::bigint as rows_current,
        case
            when
                loads.status = 'replaced'
                and loads.export_name in ({{ declared_names('export', usage=false) }})
                then loads.rows_loaded
            else coalesce(placed.rows_superseded, 0)
        end::bigint as rows_superseded,
        coalesce(placed.rows_duplicate, 0)::bigint as rows_duplicate,
        coalesce(placed.rows_out_of_window, 0)::bigint as rows_out_of_window,
        case when loads.status not in ('loaded', 'replaced') then loads.rows_loaded else 0 end
        ::bigint as rows_withdrawn,
        case
            when loads.status in ('failed', 'loading')
                then loads.rows_read - loads.rows_loaded - loads.rows_rejected - loads.rows_blank
            else 0
        end::bigint as rows_given_up
    from loads
    left join placed on loads.load_id = placed.load_id
),

compared as (
    select
        *,
        (
            abs(rows_read - rows_loaded - rows_rejected - rows_blank - rows_given_up)
            + abs(
                rows_loaded
                - rows_current
                - rows_superseded
                - rows_duplicate
                - rows_out_of_window
                - rows_withdrawn
            )
        )::bigint as difference
    from balanced
)

select * from compared
