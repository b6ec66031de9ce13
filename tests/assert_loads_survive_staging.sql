-- Guards invariant 1 between the files and staging: what the ledger says was loaded is what staging
-- shows, per load, and every record read was loaded, rejected or blank.
with

loads as (
    select * from {{ ref('stg_loader__loads') }}
),

staged as (
    select load_id from {{ ref('stg_spacelift__worker_counts') }}
    union all
    select load_id from {{ ref('stg_spacelift__run_minutes') }}
    union all
    select load_id from {{ ref('stg_databricks__billable_usage') }}
    union all
    select load_id from {{ ref('stg_tecton__billable_usage_v1') }}
    union all
    select load_id from {{ ref('stg_tecton__billable_usage_v2') }}
    union all
    select load_id from {{ ref('stg_infrasage__usage_counters') }}
    union all
    select load_id from {{ ref('stg_metronome__usage_events') }}
),

counted as (
    select
        load_id,
        count(*) as rows_staged
    from staged
    group by load_id
)

select
    loads.load_id,
    loads.export_name,
    loads.rows_read,
    loads.rows_loaded,
    counted.rows_staged
from loads
left join counted on loads.load_id = counted.load_id
where
    loads.rows_loaded != coalesce(counted.rows_staged, 0)
    or loads.rows_read != loads.rows_loaded + loads.rows_rejected + loads.rows_blank
