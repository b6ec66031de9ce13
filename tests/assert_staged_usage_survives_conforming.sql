-- Guards invariant 1 between staging and the usage contract: per load, the quantity of each export
-- is the same on both sides. Only what the exports' own rules call one record may be missing:
-- Databricks rows equal in every column, Metronome events whose transaction id came before.
with

databricks_records as (
    select distinct
        load_id,
        account_key,
        hour_ends_at,
        cluster_id,
        cluster_name,
        node_type,
        owner_key,
        owner_name,
        sku,
        dbus,
        machine_hours,
        custom_tags,
        all_tags
    from {{ ref('stg_databricks__billable_usage') }}
),

metronome_ids as (
    select
        account_key,
        transaction_key,
        min(load_id) as load_id
    from {{ ref('stg_metronome__usage_events') }}
    group by account_key, transaction_key
),

staged as (
    select
        load_id,
        worker_count::numeric as quantity
    from {{ ref('stg_spacelift__worker_counts') }}
    union all
    select
        load_id,
        state_duration_minutes as quantity
    from {{ ref('stg_spacelift__run_minutes') }}
    union all
    select
        load_id,
        dbus as quantity
    from databricks_records
    union all
    select
        load_id,
        quantity
    from {{ ref('stg_tecton__billable_usage_v1') }}
    union all
    select
        load_id,
        quantity
    from {{ ref('stg_tecton__billable_usage_v2') }}
    union all
    select
        load_id,
        event_count + coalesce(bytes_ingested, 0) as quantity
    from {{ ref('stg_infrasage__usage_counters') }}
    union all
    select
        load_id,
        1 as quantity
    from metronome_ids
),

staged_totals as (
    select
        load_id,
        sum(quantity) as quantity
    from staged
    group by load_id
),

conformed_totals as (
    select
        load_id,
        sum(quantity) as quantity
    from {{ ref('int_usage__unioned') }}
    group by load_id
)

select
    coalesce(staged_totals.load_id, conformed_totals.load_id) as load_id,
    staged_totals.quantity as quantity_staged,
    conformed_totals.quantity as quantity_conformed
from staged_totals
full join conformed_totals on staged_totals.load_id = conformed_totals.load_id
where staged_totals.quantity is distinct from conformed_totals.quantity
