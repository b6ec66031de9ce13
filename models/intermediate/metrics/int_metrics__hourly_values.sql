-- One row per metric, customer, group, hour and, for UNIQUE, value. Any period is made from these
-- rows: they keep the values themselves, which hourly results no longer have.
with

matched_events as (
    select * from {{ ref('int_metrics__matched_events') }}
),

-- Only decimal notation is a number: PostgreSQL would also take NaN, Infinity, 0x1F and 1_000. The
-- limits keep one value from overflowing a sum. Materialized, because the rows are then grouped
-- without their properties, which takes half the time.
measured as materialized (
    select
        metric_id,
        aggregation,
        account_key,
        customer_id,
        usage_start_at,
        group_values,
        case when aggregation = 'UNIQUE' then property_value end as unique_value,
        case
            when
                aggregation in ('SUM', 'MAX', 'LATEST')
                and length(property_value) <= 1000
                and property_value ~ '^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]{1,3})?$'
                then property_value::numeric
        end as number_value,
        event_order
    from matched_events
),

aggregated as (
    select
        metric_id,
        aggregation,
        account_key,
        customer_id,
        group_values,
        usage_start_at,
        unique_value,
        count(*) as event_count,
        count(*) filter (
            where aggregation != 'COUNT' and num_nonnulls(number_value, unique_value) = 0
        ) as events_unusable,
        sum(number_value) filter (where aggregation = 'SUM') as sum_value,
        max(number_value) filter (where aggregation = 'MAX') as max_value,
        -- Arrays compare from the left: the greatest is the latest event's, its value comes last.
        max(event_order || number_value)
        filter (where aggregation = 'LATEST' and number_value is not null) as latest_value
    from measured
    group by
        metric_id,
        aggregation,
        account_key,
        customer_id,
        group_values,
        usage_start_at,
        unique_value
),

-- One short key for what makes a series: grouping by its parts took three times as long.
identified as (
    select
        md5(row(metric_id, account_key, customer_id, group_values)::text)::uuid as series_id,
        *
    from aggregated
)

select * from identified
