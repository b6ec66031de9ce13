{% set keys = ['load_id', 'export_name', 'account_key', 'usage_start_at'] -%}
{% set stale = "forget_stale(ref('int_usage__slice_status'), " ~ keys
    ~ ", 'slice_version', only=\"status = 'current'\")" -%}
{{ config(
    materialized='incremental',
    pre_hook=["{{ " ~ stale ~ " }}", "{{ rename_services() }}"],
) }}

-- One billable usage record that counts. Only slices that are missing are read and inserted: what
-- was restated, withdrawn or made by other models or seeds has just been deleted.
with

counting as (
    select
        load_id,
        export_name,
        account_key,
        usage_start_at,
        slice_version,
        has_equal_keys
    from {{ ref('int_usage__slice_status') }}
    where status = 'current'
),

missing as (
    select * from counting
    {%- if is_incremental() %}
    where {{ is_missing('counting', keys) | indent(4) }}
    {%- endif %}
),

plain_slices as (
    select * from missing
    where not has_equal_keys
),

repeating_slices as (
    select * from missing
    where has_equal_keys
),

duplicates as (
    select * from {{ ref('int_usage__duplicates') }}
),

meters as (
    select * from {{ ref('meters') }}
),

all_plain_records as (
    {{ union_usage(loads='plain_slices') | indent(4) }}
),

plain_records as (
    select
        records.*,
        1::bigint as copy_number,
        slices.slice_version,
        1::bigint as occurrence
    from all_plain_records as records
    inner join plain_slices as slices
        on
            records.load_id = slices.load_id
            and records.export_name = slices.export_name
            and records.account_key = slices.account_key
            and records.usage_start_at = slices.usage_start_at
    left join duplicates
        on
            records.load_id = duplicates.load_id
            and records.row_number = duplicates.row_number
    where
        records.is_in_window
        and duplicates.load_id is null
),

all_repeating_records as (
    {{ union_usage(loads='repeating_slices') | indent(4) }}
),

-- Rows that are copies of another are left out; records of one key are told apart by their order.
numbered_records as (
    select
        records.*,
        case
            when records.copy_key is null then 1
            else row_number() over (
                partition by
                    records.load_id,
                    records.account_key,
                    records.usage_start_at,
                    records.record_key,
                    records.copy_key
                order by records.row_number
            )
        end as copy_number,
        slices.slice_version
    from all_repeating_records as records
    inner join repeating_slices as slices
        on
            records.load_id = slices.load_id
            and records.export_name = slices.export_name
            and records.account_key = slices.account_key
            and records.usage_start_at = slices.usage_start_at
),

repeating_records as (
    select
        *,
        row_number() over (
            partition by load_id, export_name, account_key, usage_start_at, record_key
            order by row_number
        ) as occurrence
    from numbered_records
    where copy_number = 1
),

usage_records as (
    select * from plain_records
    union all
    select * from repeating_records
),

identified as (
    select
        md5(
            row(
                export_name,
                account_key,
                extract(epoch from usage_start_at)::bigint,
                record_key,
                occurrence
            )::text
        )::uuid as usage_id,
        source_name || ':' || meter_key as meter_id,
        *
    from usage_records
),

described as (
    select
        records.usage_id,
        records.source_name,
        records.export_name,
        records.account_key,
        records.meter_id,
        meters.service_name,
        records.resource_key,
        records.resource_name,
        records.owner_key,
        records.usage_start_at,
        records.usage_end_at,
        (records.usage_start_at at time zone 'UTC')::date as usage_date,
        records.occurred_at,
        records.quantity::numeric(38, 18) as quantity,
        records.unit,
        records.tags,
        {{ attribution_key('records') }} as attribution_key,
        records.load_id,
        records.row_number,
        records.slice_version
    from identified as records
    left join meters on records.meter_id = meters.meter_id
)

select * from described
