-- One row per part of a pool: what a team bears of shared cost, by which rule, measured by what. A
-- part that a later step shares on is here too, and names the rule that took it.
with

lines as (
    select * from {{ ref('int_allocation__lines') }}
    where step > 0
),

shares as (
    select
        usage_date,
        billing_period,
        step,
        rule_id as shared_cost_rule_id,
        method,
        from_team,
        team,
        source_name,
        service_name,
        account_key,
        meter_id,
        is_idle,
        currency,
        base_quantity,
        base_total,
        ratio,
        list_cost,
        contracted_cost,
        effective_cost,
        billed_cost,
        taken_by_rule_id
    from lines
)

select * from shares
