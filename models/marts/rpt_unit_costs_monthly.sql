-- One row per rule, month, currency and customer; the customer is null for cost without any usage,
-- the currency for usage without any cost.
with

rules as (
    select * from {{ ref('unit_cost_rules') }}
),

costs as (
    select * from {{ ref('int_unit_costs__divided_costs') }}
),

-- A value below zero, such as more refunds than sales, takes no share.
customer_usage as (
    select
        *,
        greatest(metric_value, 0) as weight,
        nullif(sum(greatest(metric_value, 0)) over (partition by billing_period, rule_id), 0)
            as weights
    from {{ ref('int_unit_costs__customer_usage') }}
),

customers as (
    select * from {{ ref('metronome_customers') }}
),

{% set split = ['costs.effective_cost', 'customer_usage.weight', 'customer_usage.weights'] -%}

floors as (
    select
        customer_usage.*,
        costs.currency,
        costs.effective_cost as divided_cost,
        {{ split_floor(*split) }} as share_floor,
        {{ split_rest(*split) | indent(8) }} as share_rest,
        -- A quotient has as many decimals as the longer of its two sides.
        costs.effective_cost::numeric(50, 24) / customer_usage.weights as unit_cost
    from customer_usage
    left join costs
        on
            customer_usage.billing_period = costs.billing_period
            and customer_usage.rule_id = costs.rule_id
),

{% set whole = 'billing_period, rule_id, currency' -%}
{% set share = split_share('divided_cost', 'share_floor', 'share_rest', whole, 'customer_id') -%}

shares as (
    select
        billing_period,
        rule_id,
        customer_id,
        metric_value,
        currency,
        {{ share | indent(8) }} as effective_cost,
        case when metric_value > 0 then unit_cost end as unit_cost
    from floors
    union all
    select
        billing_period,
        rule_id,
        null as customer_id,
        null as metric_value,
        currency,
        effective_cost,
        null as unit_cost
    from costs
    where
        not exists (
            select 1
            from customer_usage
            where
                customer_usage.billing_period = costs.billing_period
                and customer_usage.rule_id = costs.rule_id
                and customer_usage.weights > 0
        )
),

described as (
    select
        shares.billing_period,
        shares.rule_id,
        rules.metric_id,
        shares.customer_id,
        customers.customer_name,
        shares.metric_value,
        shares.effective_cost::numeric(38, 12) as effective_cost,
        shares.unit_cost::numeric(38, 18) as unit_cost,
        shares.currency
    from shares
    inner join rules on shares.rule_id = rules.rule_id
    left join customers on shares.customer_id = customers.customer_id
)

select * from described
