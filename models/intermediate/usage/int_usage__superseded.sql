-- One row per load and slice (source, account, hour) whose rows no longer count, and why.
with

usage_records as (
    select * from {{ ref('int_usage__unioned') }}
),

-- A record two loads of one export share inside a slice was exported twice: the newer load restates
-- the whole slice. Loads that share no record are pieces of one export, and both stand.
ranked as (
    select
        source_name,
        export_name,
        account_key,
        usage_start_at,
        load_id,
        max(load_id) over (
            partition by source_name, export_name, account_key, usage_start_at, record_key
        ) as newest_load_id,
        export_precedence,
        max(export_precedence) over (
            partition by source_name, account_key, usage_start_at
        ) as highest_precedence
    from usage_records
    where overlap_rule = 'slice'
),

superseded as (
    select
        source_name,
        export_name,
        account_key,
        usage_start_at,
        load_id,
        case
            when bool_or(export_precedence < highest_precedence) then 'newer version of the export'
            else 'newer export'
        end as reason,
        nullif(max(newest_load_id), load_id) as superseded_by
    from ranked
    where load_id < newest_load_id or export_precedence < highest_precedence
    group by source_name, export_name, account_key, usage_start_at, load_id
)

select * from superseded
