-- One row per load, account, hour and meter that counts: what fct_usage_hourly must hold of it.
with

slices as (
    select * from {{ ref('int_usage__slices') }}
),

arrivals as (
    select * from {{ ref('int_usage__arrivals') }}
),

duplicates as (
    select * from {{ ref('int_usage__duplicates') }}
),

slice_status as (
    select * from {{ ref('int_usage__slice_status') }}
    where status = 'current'
),

events as (
    select
        arrivals.load_id,
        arrivals.source_name,
        arrivals.export_name,
        arrivals.account_key,
        arrivals.usage_start_at,
        arrivals.meter_key,
        min(arrivals.unit) as unit,
        count(*) as records,
        sum(arrivals.quantity) as quantity
    from arrivals
    left join duplicates
        on
            arrivals.load_id = duplicates.load_id
            and arrivals.row_number = duplicates.row_number
    where
        arrivals.is_in_window
        and duplicates.load_id is null
    group by
        arrivals.load_id,
        arrivals.source_name,
        arrivals.export_name,
        arrivals.account_key,
        arrivals.usage_start_at,
        arrivals.meter_key
),

held as (
    select
        load_id,
        source_name,
        export_name,
        account_key,
        usage_start_at,
        meter_key,
        unit,
        records,
        quantity
    from slices
    union all
    select * from events
),

meter_hours as (
    select
        held.load_id,
        held.source_name,
        held.export_name,
        held.account_key,
        held.usage_start_at,
        (held.usage_start_at at time zone 'UTC')::date as usage_date,
        held.source_name || ':' || held.meter_key as meter_id,
        held.unit,
        held.records,
        held.quantity::numeric(48, 18) as quantity,
        slice_status.slice_version
    from held
    inner join slice_status
        on
            held.load_id = slice_status.load_id
            and held.export_name = slice_status.export_name
            and held.account_key = slice_status.account_key
            and held.usage_start_at = slice_status.usage_start_at
)

select * from meter_hours
