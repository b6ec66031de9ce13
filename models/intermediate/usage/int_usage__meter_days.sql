-- One row per account, day and meter that counts, with a digest of everything its usage is made of.
with

meter_hours as (
    select * from {{ ref('int_usage__meter_hours') }}
),

meters as (
    select * from {{ ref('meters') }}
),

meter_days as (
    select
        meter_hours.source_name,
        meter_hours.account_key,
        meter_hours.meter_id,
        meter_hours.usage_date,
        coalesce(meters.daily_aggregation, 'sum') as daily_aggregation,
        sum(meter_hours.records)::bigint as records,
        sum(meter_hours.quantity)::numeric(48, 18) as quantity,
        md5(
            '{{ checksum_of(["rpt_usage_daily"]) }}'
            || coalesce(meters.daily_aggregation, 'sum')
            || string_agg(
                meter_hours.load_id::text
                || extract(epoch from meter_hours.usage_start_at)::text
                || meter_hours.slice_version::text,
                ',' order by
                    meter_hours.load_id, meter_hours.usage_start_at
            )
        )::uuid as day_version
    from meter_hours
    left join meters on meter_hours.meter_id = meters.meter_id
    group by
        meter_hours.source_name,
        meter_hours.account_key,
        meter_hours.meter_id,
        meter_hours.usage_date,
        meters.daily_aggregation
)

select * from meter_days
