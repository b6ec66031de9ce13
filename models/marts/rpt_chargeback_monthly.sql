-- One row per line of a month's statement: team, source and currency, and for corrections the month
-- they belong to. Closed months are as they were closed, whatever became known since.
with

open_lines as (
    select * from {{ ref('int_statements__open_lines') }}
),

closed_statements as (
    select * from {{ ref('stg_loader__closed_statements') }}
),

{% set order -%}
team collate "C", source_name collate "C", corrects_period nulls first
{%- endset -%}

shown as (
    select
        billing_period,
        team,
        source_name,
        charge_class,
        corrects_period,
        currency,
        effective_cost,
        {{ largest_remainder('effective_cost', 2, 'billing_period, currency', order) | indent(8) }}
            as amount
    from open_lines
),

statement_lines as (
    select
        billing_period,
        team,
        source_name,
        charge_class,
        corrects_period,
        currency,
        effective_cost,
        amount,
        true as is_closed,
        closed_at
    from closed_statements
    union all
    select
        billing_period,
        team,
        source_name,
        charge_class,
        corrects_period,
        currency,
        effective_cost::numeric(38, 12) as effective_cost,
        amount::numeric(38, 2) as amount,
        false as is_closed,
        null as closed_at
    from shown
)

select * from statement_lines
