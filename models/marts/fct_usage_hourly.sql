{% set stale = "forget_versions(ref('int_usage__slice_status'), 'slice_version', only="
    ~ '"status = ' ~ "'current'" ~ '")' -%}
{{ config(
    materialized='incremental',
    pre_hook=["{{ " ~ stale ~ " }}", "{{ 'set local enable_seqscan = off' if is_incremental() }}"],
) }}

{% set columns = [
    'usage_id', 'source_name', 'export_name', 'account_key', 'meter_id', 'resource_key',
    'resource_name', 'owner_key', 'usage_start_at', 'occurred_at', 'quantity', 'unit', 'tags',
    'attribution_key', 'load_id', 'row_number', 'slice_version'
] | join(', ') -%}
{% set slices_are = 'materialized' if is_incremental() else 'not materialized' -%}
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

missing as {{ slices_are }} (
    select * from counting
    {%- if is_incremental() %}
    where {{ is_new('counting', 'slice_version') | indent(4) }}
    {%- endif %}
),

plain_slices as {{ slices_are }} (
    select * from missing
    where not has_equal_keys
),

repeating_slices as {{ slices_are }} (
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

-- What takes longest is computed here, where several processes can share it. The planner would
-- expect an inner join to leave no row, and give the work to one.
plain_records as (
    select
        records.*,
        {{ usage_id('records', 1) }} as usage_id,
        {{ attribution_key('records') }} as attribution_key,
        slices.slice_version
    from all_plain_records as records
    left join plain_slices as slices
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
        and coalesce(slices.slice_version is not null, false)
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

kept_records as (
    select
        *,
        row_number() over (
            partition by load_id, export_name, account_key, usage_start_at, record_key
            order by row_number
        ) as occurrence
    from numbered_records
    where copy_number = 1
),

repeating_records as (
    select
        kept.*,
        {{ usage_id('kept', 'kept.occurrence') }} as usage_id,
        {{ attribution_key('kept') }} as attribution_key
    from kept_records as kept
),

usage_records as (
    select {{ columns }} from plain_records
    union all
    select {{ columns }} from repeating_records
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
        records.usage_start_at + interval '1 hour' as usage_end_at,
        (records.usage_start_at at time zone 'UTC')::date as usage_date,
        records.occurred_at,
        records.quantity::numeric(38, 18) as quantity,
        records.unit,
        records.tags,
        records.attribution_key,
        records.load_id,
        records.row_number,
        records.slice_version
    from usage_records as records
    left join meters on records.meter_id = meters.meter_id
)

select * from described
