{#- Metrics of one period, as the CTE per_period, from the CTE hourly_values. `period` is the expression
    its start comes from. Distinct values are brought together first, so that UNIQUE counts each once. -#}
{% macro metrics_by(period) -%}
per_value as (
    select
        series_id,
        any_value(metric_id) as metric_id,
        any_value(aggregation) as aggregation,
        any_value(account_key) as account_key,
        any_value(customer_id) as customer_id,
        any_value(group_values) as group_values,
        {{ period }} as period_start,
        unique_value,
        sum(event_count) as event_count,
        sum(events_unusable) as events_unusable,
        sum(sum_value) as sum_value,
        max(max_value) as max_value,
        max(latest_value) as latest_value
    from hourly_values
    group by series_id, {{ period }}, unique_value
),

per_period as (
    select
        any_value(metric_id) as metric_id,
        any_value(aggregation) as aggregation,
        any_value(account_key) as account_key,
        any_value(customer_id) as customer_id,
        any_value(group_values) as group_values,
        period_start,
        case any_value(aggregation)
            when 'COUNT' then sum(event_count)
            when 'SUM' then sum(sum_value)
            when 'MAX' then max(max_value)
            when 'UNIQUE' then nullif(count(unique_value), 0)
            when 'LATEST' then (max(latest_value))[4]
        end as metric_value,
        sum(event_count)::bigint as event_count,
        sum(events_unusable)::bigint as events_unusable
    from per_value
    group by series_id, period_start
)
{%- endmacro %}
