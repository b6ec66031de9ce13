{% set stale = "forget_versions(ref('int_charges__due'), 'charge_version')" -%}
{{ config(
    materialized='incremental',
    pre_hook="{{ " ~ stale ~ " }}",
) }}

-- One charge: a usage record times its price, or one day's part of a fixed charge. Only charges
-- that are missing are inserted: those of usage or prices that changed have just been deleted.
with

usage_charges as (
    select * from {{ ref('int_charges__usage') }}
),

{% if is_incremental() -%}
missing as (
    select * from {{ ref('int_charges__due') }} as due
    where {{ is_new('due', 'charge_version') | indent(4) }}
),

-- As an array the slices are looked up in the index of usage, so that the rest of it is not priced.
missing_charges as (
    select * from usage_charges
    where
        slice_version = any(array(select distinct missing.slice_version from missing))
        and charge_version in (select missing.charge_version from missing)
),

{% endif -%}

fixed_charges as (
    select * from {{ ref('int_charges__fixed') }}
),

charges as (
    select
        md5('(usage,' || usage_id || ')')::uuid as charge_id,
        usage_id,
        null::text as fixed_charge_id,
        source_name,
        account_key,
        service_name,
        'Usage' as charge_category,
        'Usage-Based' as charge_frequency,
        null::text as charge_class,
        null::text as charge_description,
        usage_start_at as charge_start_at,
        usage_end_at as charge_end_at,
        usage_date as charge_date,
        date_trunc('month', usage_date::timestamp)::date as billing_period,
        meter_id,
        resource_key,
        resource_name,
        quantity,
        unit,
        pricing_quantity::numeric(38, 18) as pricing_quantity,
        pricing_unit,
        list_unit_price,
        contracted_unit_price,
        list_cost::numeric(38, 12) as list_cost,
        contracted_cost::numeric(38, 12) as contracted_cost,
        contracted_cost::numeric(38, 12) as effective_cost,
        contracted_cost::numeric(38, 12) as billed_cost,
        case when contracted_cost is not null then {{ reporting_currency() }} end as currency,
        pricing_currency,
        exchange_rate::numeric(38, 18) as exchange_rate,
        price_id,
        contracted_cost is not null as is_priced,
        attribution_key,
        load_id,
        charge_version
    from {{ 'missing_charges' if is_incremental() else 'usage_charges' }}
    union all
    select
        md5(row('fixed', fixed_charge_id, part, to_char(charge_date, 'YYYY-MM-DD'))::text)::uuid
            as charge_id,
        null as usage_id,
        fixed_charge_id,
        source_name,
        account_key,
        service_name,
        charge_category,
        charge_frequency,
        charge_class,
        charge_description,
        charge_date::timestamp at time zone 'UTC' as charge_start_at,
        (charge_date + 1)::timestamp at time zone 'UTC' as charge_end_at,
        charge_date,
        date_trunc('month', charge_date::timestamp)::date as billing_period,
        meter_id,
        resource_key,
        resource_name,
        null as quantity,
        null as unit,
        null as pricing_quantity,
        null as pricing_unit,
        null as list_unit_price,
        null as contracted_unit_price,
        effective_cost::numeric(38, 12) as list_cost,
        effective_cost::numeric(38, 12) as contracted_cost,
        effective_cost::numeric(38, 12) as effective_cost,
        billed_cost::numeric(38, 12) as billed_cost,
        case when effective_cost is not null then {{ reporting_currency() }} end as currency,
        pricing_currency,
        exchange_rate::numeric(38, 18) as exchange_rate,
        null as price_id,
        effective_cost is not null as is_priced,
        {{ attribution_key('fixed_charges') }} as attribution_key,
        null as load_id,
        null as charge_version
    from fixed_charges
)

select * from charges
