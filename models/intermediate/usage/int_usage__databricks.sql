-- One row per workspace, hour, cluster or warehouse, node type, SKU and tags. The key that tells
-- a restatement leaves tags out: one hour is exported with and without the column of all tags.
with

usage_rows as (
    select * from {{ ref('stg_databricks__billable_usage') }}
),

-- The vendor is known to repeat whole blocks of a file, and no column tells the copies apart: rows
-- of one file that are equal in every column are one record.
numbered as (
    select
        *,
        row_number() over (
            partition by
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
            order by row_number
        ) as copy_number
    from usage_rows
),

-- The stamp is the END of the hour, as 09:59:59, 09:59:59.000 or 09:59:59.999: one millisecond
-- earlier lies inside the hour for all three, and for an exact 10:00:00 too. The tag Creator is an
-- e-mail address, which stays out of the marts; rules use the owner's number.
conformed as (
    select
        'databricks' as source_name,
        'databricks.billable_usage' as export_name,
        1 as export_precedence,
        'slice' as overlap_rule,
        account_key,
        sku as meter_key,
        md5(row(cluster_id, node_type, sku)::text) as record_key,
        cluster_id as resource_key,
        cluster_name as resource_name,
        owner_key,
        date_trunc('hour', hour_ends_at - interval '1 millisecond', 'UTC') as usage_start_at,
        date_trunc('hour', hour_ends_at - interval '1 millisecond', 'UTC')
        + interval '1 hour' as usage_end_at,
        dbus::numeric(38, 18) as quantity,
        'DBUs' as unit,
        (custom_tags || all_tags) - 'Creator' as tags,
        load_id,
        row_number
    from numbered
    where copy_number = 1
)

select * from conformed
