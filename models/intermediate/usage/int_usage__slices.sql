{% set keys = ['load_id'] -%}
{{ config(
    materialized='incremental',
    pre_hook=[
        "{{ forget_stale(ref('int_usage__loads'), " ~ keys ~ ", 'usage_version') }}",
        "set local enable_sort = off",
        "{{ 'set local enable_seqscan = off' if is_incremental() }}",
    ],
) }}

-- One row per load, account, hour and meter of the exports that restate whole hours: what the load
-- holds of that slice. Only loads that are new here are read.
with

loads as (
    select * from {{ ref('int_usage__loads') }}
    {%- if is_incremental() %}
    where {{ is_missing('int_usage__loads', keys) | indent(4) }}
    {%- endif %}
),

usage_records as (
    {{ union_usage(loads='loads') | indent(4) }}
),

-- Keys are put in order slice by slice below: asked for here, order would sort all records at once.
-- The planner takes slices for many more than they are and would sort as well; the hook says no.
gathered as (
    select
        load_id,
        source_name,
        export_name,
        usage_group,
        account_key,
        usage_start_at,
        meter_key,
        max(export_precedence) as export_precedence,
        count(*) as rows_held,
        count(*) filter (where measure_number = 1) as first_measures_held,
        min(unit) as unit,
        sum(quantity) as quantity_held,
        array_agg(record_key) as keys_held
    from usage_records
    where overlap_rule = 'slice'
    group by
        load_id, source_name, export_name, usage_group, account_key, usage_start_at, meter_key
),

held as (
    select
        gathered.*,
        array(
            select distinct held_keys.record_key
            from unnest(gathered.keys_held) as held_keys (record_key)
            order by held_keys.record_key
        ) as record_keys
    from gathered
),

-- Only where a key stands twice can a row be the copy of another.
repeating_loads as (
    select distinct load_id
    from held
    where rows_held > cardinality(record_keys)
),

repeating_records as (
    {{ union_usage(loads='repeating_loads') | indent(4) }}
),

numbered as (
    select
        *,
        row_number() over (
            partition by load_id, account_key, usage_start_at, meter_key, record_key, copy_key
            order by row_number
        ) as copy_number
    from repeating_records
    where
        overlap_rule = 'slice'
        and copy_key is not null
),

copies as (
    select
        load_id,
        account_key,
        usage_start_at,
        meter_key,
        count(*) as copies,
        sum(quantity) as quantity
    from numbered
    where copy_number > 1
    group by load_id, account_key, usage_start_at, meter_key
),

slices as (
    select
        held.load_id,
        held.source_name,
        held.export_name,
        held.usage_group,
        held.export_precedence,
        held.account_key,
        held.usage_start_at,
        held.meter_key,
        held.unit,
        held.rows_held - coalesce(copies.copies, 0) as records,
        held.first_measures_held as rows_held,
        coalesce(copies.copies, 0) as rows_repeated,
        (held.quantity_held - coalesce(copies.quantity, 0))::numeric(48, 18) as quantity,
        coalesce(copies.quantity, 0)::numeric(48, 18) as quantity_repeated,
        held.record_keys,
        loads.usage_version
    from held
    inner join loads on held.load_id = loads.load_id
    left join copies
        on
            held.load_id = copies.load_id
            and held.account_key = copies.account_key
            and held.usage_start_at = copies.usage_start_at
            and held.meter_key = copies.meter_key
)

select * from slices
