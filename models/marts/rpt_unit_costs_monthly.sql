-- One row per rule, month, currency and customer; the customer is null for cost without any usage,
-- the currency for usage without any cost.
with

rules as (
    select * from {{ ref('unit_cost_rules') }}
),

costs as (
    select * from {{ ref('int_unit_costs__divided_costs') }}
),

customer_usage as (
    select
        *,
        sum(metric_value) over (partition by billing_period, rule_id) as value_of_all
    from {{ ref('int_unit_costs__customer_usage') }}
),

customers as (
    select * from {{ ref('metronome_customers') }}
),

-- A share is cost x value / value of all, in one step and exact; without usage there is none.
{% set share = largest_remainder(
    'costs.effective_cost * customer_usage.metric_value', 12,
    'customer_usage.billing_period, customer_usage.rule_id, costs.currency',
    'customer_usage.customer_id collate "C"',
    'nullif(greatest(customer_usage.value_of_all, 0), 0)',
) -%}

shares as (
    select
        customer_usage.billing_period,
        customer_usage.rule_id,
        customer_usage.customer_id,
        customer_usage.metric_value,
        costs.currency,
        {{ share | indent(8) }} as effective_cost,
        -- A quotient has as many decimals as the longer of its two sides.
        costs.effective_cost::numeric(50, 24)
        / nullif(greatest(customer_usage.value_of_all, 0), 0) as unit_cost
    from customer_usage
    left join costs
        on
            customer_usage.billing_period = costs.billing_period
            and customer_usage.rule_id = costs.rule_id
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
                and customer_usage.value_of_all > 0
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
        case when shares.metric_value != 0 then shares.unit_cost end::numeric(38, 18) as unit_cost,
        shares.currency
    from shares
    inner join rules on shares.rule_id = rules.rule_id
    left join customers on shares.customer_id = customers.customer_id
)

select * from described
