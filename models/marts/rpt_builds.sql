{{ config(materialized='view') }}

-- One row per build of the marts, as it is when asked. It reads the table of the loader itself:
-- a relation of dbt between them would be of the build before, or take this along when replaced.
with

builds as (
    select * from {{ source('loader', 'builds') }}
    where schema_prefix = ''
),

-- `loader build` holds this lock for as long as it lives, and so does whoever closes a month.
held as (
    select pg_catalog.hashtextextended('loader: dbt build', 0) as lock_number
),

locks as (
    select held.lock_number
    from held
    inner join pg_catalog.pg_locks as taken
        on
            taken.classid = ((held.lock_number >> 32) & 4294967295)::oid
            and taken.objid = (held.lock_number & 4294967295)::oid
    inner join pg_catalog.pg_database as own_database
        on taken.database = own_database.oid and own_database.datname = current_database()
    where taken.locktype = 'advisory' and taken.objsubid = 1 and taken.granted
),

named as (
    select
        build_id,
        case
            when outcome is not null then outcome
            when build_id < max(build_id) over () then 'killed'
            when exists (select 1 from locks) then 'running'
            else 'unfinished'
        end as status,
        started_at,
        finished_at,
        nodes as nodes_passed,
        failures as nodes_failed,
        max(build_id) filter (where outcome = 'passed') over () = build_id as is_last_passed,
        max(build_id) over () = build_id as is_last
    from builds
)

select * from named
