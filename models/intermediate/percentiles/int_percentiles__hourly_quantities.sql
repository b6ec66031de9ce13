-- One row per meter, account and hour with usage, for a level also per resource.
with

usage_records as (
    select * from {{ ref('fct_usage_hourly') }}
),

meters as (
    select * from {{ ref('meters') }}
),

-- A flow is added up over the account's hour; a level is looked at resource by resource.
hourly as (
    select
        usage_records.account_key,
        usage_records.meter_id,
        case meters.kind when 'level' then usage_records.resource_key end as resource_key,
        usage_records.unit,
        usage_records.usage_start_at,
        date_trunc('month', usage_records.usage_start_at at time zone 'UTC')::date
            as billing_period,
        case max(meters.kind)
            when 'level' then max(usage_records.quantity)
            else sum(usage_records.quantity)
        end::numeric(48, 18) as quantity
    from usage_records
    left join meters on usage_records.meter_id = meters.meter_id
    group by
        usage_records.account_key,
        usage_records.meter_id,
        case meters.kind when 'level' then usage_records.resource_key end,
        usage_records.unit,
        usage_records.usage_start_at
)

select * from hourly
