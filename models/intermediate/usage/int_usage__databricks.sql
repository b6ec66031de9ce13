-- One row per row of the export: a workspace, hour, cluster or warehouse, node type, SKU and tags.
with

usage_rows as (
    select * from {{ ref('stg_databricks__billable_usage') }}
),

-- Job and pipeline clusters are named after what they run, which helps where no tag says it.
-- Default tags beat custom ones. A tag without a value says nothing and hides nothing. The tag
-- Creator is an e-mail address, which stays out of the marts; rules use the owner's number.
named as (
    select
        *,
        jsonb_strip_nulls((custom_tags || all_tags) - 'Creator') as known_tags
    from usage_rows
),

-- job-<digits>-run-<digits>, taken apart without a regular expression, which would take six times
-- as long.
cut as (
    select
        *,
        starts_with(cluster_name, 'job-')
        and split_part(cluster_name, '-', 2) != ''
        and ltrim(split_part(cluster_name, '-', 2), '0123456789') = ''
        and split_part(cluster_name, '-', 3) = 'run'
        and split_part(cluster_name, '-', 4) != ''
        and ltrim(left(split_part(cluster_name, '-', 4), 1), '0123456789') = '' as is_of_job
    from named
),

-- What was a SQL endpoint is a SQL warehouse now: a rule on either tag finds both. Other rows are
-- not looked at, because each look at the tags takes them apart once more.
tagged as (
    select
        *,
        case
            when is_of_job
                then jsonb_build_object('JobId', split_part(cluster_name, '-', 2)) || known_tags
            when cluster_name like 'dlt-execution-_%'
                then
                    jsonb_build_object(
                        'PipelineId', substr(cluster_name, length('dlt-execution-') + 1)
                    )
                    || known_tags
            when sku like '%SQL%'
                then
                    jsonb_strip_nulls(
                        jsonb_build_object(
                            'SqlEndpointId', known_tags -> 'SqlWarehouseId',
                            'SqlWarehouseId', known_tags -> 'SqlEndpointId'
                        )
                    )
                    || known_tags
            else known_tags
        end as tags
    from cut
),

-- The stamp is the END of the hour, as 09:59:59, 09:59:59.000 or 09:59:59.999: one millisecond
-- earlier lies inside the hour for all three, and for an exact 10:00:00 too. The key that tells a
-- restatement leaves the column of all tags out: one hour is exported with and without it. The
-- vendor is known to repeat whole blocks of a file, and no column tells the copies apart: rows of
-- one file that are equal in every column are one record.
conformed as (
    select
        'databricks' as source_name,
        'databricks.billable_usage' as export_name,
        'databricks.billable_usage' as usage_group,
        1 as export_precedence,
        'slice' as overlap_rule,
        account_key,
        sku as meter_key,
        md5(row(cluster_id, node_type, sku, custom_tags)::text)::uuid as record_key,
        md5(
            row(
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
            )::text
        )::uuid as copy_key,
        1 as measure_number,
        cluster_id as resource_key,
        cluster_name as resource_name,
        owner_key,
        date_bin('1 hour', hour_ends_at - interval '1 millisecond', 'epoch') as usage_start_at,
        date_bin('1 hour', hour_ends_at - interval '1 millisecond', 'epoch')
        + interval '1 hour' as usage_end_at,
        null::timestamptz as occurred_at,
        true as is_in_window,
        dbus::numeric(38, 18) as quantity,
        'DBUs' as unit,
        tags,
        load_id,
        row_number
    from tagged
)

select * from conformed
