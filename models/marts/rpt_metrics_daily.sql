-- Every billable metric by UTC day, from the events' values and not from the hours' results.
with

hourly_values as (
    select * from {{ ref('int_metrics__hourly_values') }}
),

metrics as (
    select * from {{ ref('billable_metrics') }}
),

customers as (
    select * from {{ ref('metronome_customers') }}
),

{{ metrics_by("(usage_start_at at time zone 'UTC')::date") }},

described as (
    select
        per_period.period_start as usage_date,
        per_period.metric_id,
        metrics.metric_name,
        per_period.aggregation,
        per_period.account_key,
        per_period.customer_id,
        customers.customer_name,
        per_period.group_values,
        per_period.metric_value as value,
        per_period.event_count,
        per_period.events_unusable
    from per_period
    inner join metrics on per_period.metric_id = metrics.metric_id
    left join customers on per_period.customer_id = customers.customer_id
)

select * from described
