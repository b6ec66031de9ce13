{% set keys = ['source_name', 'account_key', 'usage_date'] -%}
{{ config(
    materialized='incremental',
    pre_hook=[
        "{{ forget_stale(ref('int_allocation__days'), " ~ keys ~ ", 'day_version') }}",
        "set local enable_sort = off",
    ],
) }}

-- One row per day, attribution key and currency, with its owner: what priced charges cost before
-- anything is shared. Days whose charges, rules and teams are as they were are kept.
with

days as (
    select * from {{ ref('int_allocation__days') }}
),

missing as (
    select * from days
    {%- if is_incremental() %}
    where {{ is_missing('days', keys) | indent(4) }}
    {%- endif %}
),

priced_charges as (
    select * from {{ ref('fct_charges') }}
    where is_priced
),

-- As an array the days reach the scan, so that nothing else is read.
charges as (
    select * from priced_charges
    {%- if is_incremental() %}
    where charge_date = any(array(select missing.usage_date from missing))
    {%- endif %}
),

-- The key stands for all that is not added up; hashing it alone is what makes this fast, so that
-- the hook keeps the planner from sorting.
daily as (
    select
        charge_date as usage_date,
        attribution_key,
        service_name,
        currency,
        any_value(billing_period) as billing_period,
        any_value(source_name) as source_name,
        any_value(account_key) as account_key,
        any_value(meter_id) as meter_id,
        fixed_charge_id is not null as is_fixed,
        any_value(resource_key) as resource_key,
        any_value(resource_name) as resource_name,
        sum(list_cost)::numeric(38, 12) as list_cost,
        sum(contracted_cost)::numeric(38, 12) as contracted_cost,
        sum(effective_cost)::numeric(38, 12) as effective_cost,
        sum(billed_cost)::numeric(38, 12) as billed_cost,
        count(*) as charges,
        min(charge_start_at) as first_charged_at,
        max(charge_end_at) as last_charged_at
    from charges
    group by charge_date, attribution_key, service_name, currency, fixed_charge_id is not null
),

owners as (
    select * from {{ ref('int_allocation__owners') }}
),

owned as (
    select
        daily.*,
        missing.day_version,
        coalesce(owners.team, 'unallocated') as team,
        owners.rule_id
    from daily
    inner join missing
        on
            daily.source_name = missing.source_name
            and daily.account_key = missing.account_key
            and daily.usage_date = missing.usage_date
    left join owners
        on
            daily.attribution_key = owners.attribution_key
            and daily.usage_date >= owners.valid_from
            and daily.usage_date < owners.valid_to
)

select * from owned
