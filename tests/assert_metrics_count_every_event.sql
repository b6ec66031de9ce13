-- Guards billable metrics: hours, days and months of a metric hold the same events, and a metric
-- without property filters holds every event of its types.
with

unfiltered as (
    select
        definitions.metric_id,
        sum(usage_records.quantity) as event_count
    from {{ ref('int_metrics__definitions') }} as definitions
    inner join {{ ref('fct_usage_hourly') }} as usage_records
        on definitions.meter_id = usage_records.meter_id
    where
        not exists (
            select 1
            from {{ ref('billable_metric_filters') }} as filters
            where filters.metric_id = definitions.metric_id
        )
    group by definitions.metric_id
),

hourly as (
    select
        metric_id,
        sum(event_count) as event_count,
        sum(events_unusable) as events_unusable
    from {{ ref('fct_metric_hourly') }}
    group by metric_id
),

daily as (
    select
        metric_id,
        sum(event_count) as event_count,
        sum(events_unusable) as events_unusable
    from {{ ref('rpt_metrics_daily') }}
    group by metric_id
),

monthly as (
    select
        metric_id,
        sum(event_count) as event_count,
        sum(events_unusable) as events_unusable
    from {{ ref('rpt_metrics_monthly') }}
    group by metric_id
)

select
    coalesce(hourly.metric_id, daily.metric_id, monthly.metric_id, unfiltered.metric_id)
        as metric_id,
    hourly.event_count as events_of_hours,
    daily.event_count as events_of_days,
    monthly.event_count as events_of_months,
    unfiltered.event_count as events_of_its_types
from hourly
full join daily on hourly.metric_id = daily.metric_id
full join monthly on hourly.metric_id = monthly.metric_id
full join unfiltered on hourly.metric_id = unfiltered.metric_id
where
    (hourly.event_count, hourly.events_unusable)
    is distinct from (daily.event_count, daily.events_unusable)
    or (hourly.event_count, hourly.events_unusable)
    is distinct from (monthly.event_count, monthly.events_unusable)
    or hourly.event_count != coalesce(unfiltered.event_count, hourly.event_count)
    or hourly.event_count is null
