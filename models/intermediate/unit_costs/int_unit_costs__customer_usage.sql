-- One row per rule, month and customer: what the cost is divided by.
with

rules as (
    select * from {{ ref('unit_cost_rules') }}
),

metrics as (
    select * from {{ ref('rpt_metrics_daily') }}
),

customer_usage as (
    select
        date_trunc('month', metrics.usage_date::timestamp)::date as billing_period,
        rules.rule_id,
        metrics.customer_id,
        sum(metrics.value) as metric_value
    from rules
    inner join metrics
        on
            rules.metric_id = metrics.metric_id
            and {{ holds_on('rules', 'metrics.usage_date') }}
    group by
        date_trunc('month', metrics.usage_date::timestamp)::date,
        rules.rule_id,
        metrics.customer_id
)

select * from customer_usage
