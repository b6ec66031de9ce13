-- One billable usage record that counts: what newer exports restate is left out here.
with

usage_records as (
    select * from {{ ref('int_usage__unioned') }}
),

superseded as (
    select * from {{ ref('int_usage__superseded') }}
),

meters as (
    select * from {{ ref('meters') }}
),

-- A record's identity comes from its content, not from the file that brought it: identical records
-- of one load are told apart by their order in it.
current_records as (
    select
        usage_records.*,
        usage_records.source_name || ':' || usage_records.meter_key as meter_id,
        row_number() over (
            partition by
                usage_records.export_name,
                usage_records.account_key,
                usage_records.usage_start_at,
                usage_records.record_key,
                usage_records.load_id
            order by usage_records.row_number
        ) as occurrence
    from usage_records
    where not exists (
        select 1
        from superseded
        where
            superseded.export_name = usage_records.export_name
            and superseded.account_key = usage_records.account_key
            and superseded.usage_start_at = usage_records.usage_start_at
            and superseded.load_id = usage_records.load_id
    )
),

described as (
    select
        md5(
            row(
                records.export_name,
                records.account_key,
                extract(epoch from records.usage_start_at)::bigint,
                records.record_key,
                records.occurrence
            )::text
        ) as usage_id,
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
        records.quantity::numeric(38, 18) as quantity,
        records.unit,
        records.tags,
        {{ attribution_key('records') }} as attribution_key,
        records.load_id,
        records.row_number
    from current_records as records
    left join meters on records.meter_id = meters.meter_id
)

select * from described
