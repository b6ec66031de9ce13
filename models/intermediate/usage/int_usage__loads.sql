-- One row per load whose rows are read, and the version of its source's usage.
with

loads as (
    select * from {{ ref('stg_loader__loads') }}
),

versions as (
    select * from {{ ref('int_usage__versions') }}
),

versioned as (
    select
        loads.load_id,
        versions.usage_version
    from loads
    inner join versions on split_part(loads.export_name, '.', 1) = versions.source_name
)

select * from versioned
