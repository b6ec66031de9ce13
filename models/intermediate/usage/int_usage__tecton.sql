-- One row per row of a log: rows of the same hour, unit and object are separate usage. Both
-- versions hold the same usage; by its precedence, version 2 counts where it has the hour.
with

version_1 as (
    select * from {{ ref('stg_tecton__billable_usage_v1') }}
),

version_2 as (
    select * from {{ ref('stg_tecton__billable_usage_v2') }}
),

units as (
    select * from {{ ref('tecton_units') }}
),

meters as (
    select * from {{ ref('meters') }}
),

both_versions as (
    select
        'tecton.billable_usage_v1' as export_name,
        1 as export_precedence,
        version_1.account_key,
        coalesce(units.unit_v2, version_1.unit_key) as unit_key,
        version_1.workspace,
        version_1.object_name,
        version_1.hour_starts_at,
        version_1.quantity,
        jsonb_strip_nulls(jsonb_build_object('workspace', version_1.workspace)) as tags,
        version_1.load_id,
        version_1.row_number
    from version_1
    left join units on version_1.unit_key = units.unit_v1
    union all
    select
        'tecton.billable_usage_v2' as export_name,
        2 as export_precedence,
        account_key,
        unit_key,
        workspace,
        object_name,
        hour_starts_at,
        quantity,
        customer_tags || vendor_tags as tags,
        load_id,
        row_number
    from version_2
),

conformed as (
    select
        'tecton' as source_name,
        both_versions.export_name,
        'tecton.billable_usage' as usage_group,
        both_versions.export_precedence,
        'slice' as overlap_rule,
        both_versions.account_key,
        both_versions.unit_key as meter_key,
        md5(
            row(
                both_versions.unit_key,
                both_versions.workspace,
                both_versions.object_name,
                both_versions.tags
            )::text
        )::uuid as record_key,
        null::uuid as copy_key,
        1 as measure_number,
        both_versions.workspace || '/' || both_versions.object_name as resource_key,
        both_versions.object_name as resource_name,
        null::text as owner_key,
        date_trunc('hour', both_versions.hour_starts_at, 'UTC') as usage_start_at,
        date_trunc('hour', both_versions.hour_starts_at, 'UTC') + interval '1 hour' as usage_end_at,
        null::timestamptz as occurred_at,
        true as is_in_window,
        both_versions.quantity,
        coalesce(meters.unit, both_versions.unit_key) as unit,
        both_versions.tags,
        both_versions.load_id,
        both_versions.row_number
    from both_versions
    left join meters on meters.meter_id = 'tecton:' || both_versions.unit_key
)

select * from conformed
