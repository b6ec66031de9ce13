-- What each of our own customers used in a month, under one name whatever alias the events carry.
with

usage_records as (
    select * from {{ ref('fct_usage_hourly') }}
),

customers as (
    select * from {{ ref('metronome_customers') }}
),

monthly as (
    select
        date_trunc('month', usage_date::timestamp)::date as billing_period,
        account_key,
        resource_key as customer_id,
        meter_id,
        sum(quantity)::bigint as events,
        min(usage_start_at) as first_used_at,
        max(usage_end_at) as last_used_at
    from usage_records
    where source_name = 'metronome'
    group by
        date_trunc('month', usage_date::timestamp)::date,
        account_key,
        resource_key,
        meter_id
),

described as (
    select
        monthly.billing_period,
        monthly.account_key,
        monthly.customer_id,
        customers.customer_name,
        customers.customer_id is not null as is_known_customer,
        substr(monthly.meter_id, length('metronome:') + 1) as event_type,
        monthly.events,
        monthly.first_used_at,
        monthly.last_used_at
    from monthly
    left join customers on monthly.customer_id = customers.customer_id
)

select * from described
