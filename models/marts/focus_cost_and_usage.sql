{{ config(
    materialized='incremental',
    pre_hook="{{ forget_versions(ref('int_focus__days'), '\"x_DayVersion\"') }}",
) }}

-- FOCUS 1.2 Cost and Usage of every priced charge: the specification's columns in its order, then
-- ours. Days whose charges and mapping are as they were are kept.
with

days as (
    select * from {{ ref('int_focus__days') }}
),

missing as (
    select * from days
    {%- if is_incremental() %}
    where {{ is_new('days', '"x_DayVersion"') | indent(4) }}
    {%- endif %}
),

-- As an array the days reach the scans, so that nothing else is joined.
charges as (
    select * from {{ ref('int_focus__charges') }}
    {%- if is_incremental() %}
    where charge_date = any(array(select missing.charge_date from missing))
    {%- endif %}
),

profiles as (
    select * from {{ ref('int_focus__profiles') }}
),

usage_records as (
    select * from {{ ref('fct_usage_hourly') }}
    {%- if is_incremental() %}
    where usage_date = any(array(select missing.charge_date from missing))
    {%- endif %}
),

loads as (
    select * from {{ ref('stg_loader__ledger') }}
),

owners as (
    select * from {{ ref('int_allocation__owners') }}
),

teams as (
    select
        team,
        team_name,
        case when cost_centre is not null then jsonb_build_object('CostCentre', cost_centre) end
            as allocated_tags
    from {{ ref('teams') }}
),

focus_rows as (
    select
        null::text as "AvailabilityZone",
        charges.billed_cost::numeric(38, 12) as "BilledCost",
        profiles.billing_account_id as "BillingAccountId",
        profiles.billing_account_name as "BillingAccountName",
        profiles.billing_account_type as "BillingAccountType",
        charges.currency as "BillingCurrency",
        (charges.billing_period + interval '1 month') at time zone 'UTC' as "BillingPeriodEnd",
        charges.billing_period::timestamp at time zone 'UTC' as "BillingPeriodStart",
        null::text as "CapacityReservationId",
        null::text as "CapacityReservationStatus",
        charges.charge_category as "ChargeCategory",
        charges.charge_class as "ChargeClass",
        coalesce(charges.charge_description, profiles.charge_description) as "ChargeDescription",
        charges.charge_frequency as "ChargeFrequency",
        charges.charge_end_at as "ChargePeriodEnd",
        charges.charge_start_at as "ChargePeriodStart",
        null::text as "CommitmentDiscountCategory",
        null::text as "CommitmentDiscountId",
        null::text as "CommitmentDiscountName",
        null::numeric(38, 12) as "CommitmentDiscountQuantity",
        null::text as "CommitmentDiscountStatus",
        null::text as "CommitmentDiscountType",
        null::text as "CommitmentDiscountUnit",
        charges.consumed_quantity::numeric(38, 12) as "ConsumedQuantity",
        charges.consumed_unit as "ConsumedUnit",
        charges.contracted_cost::numeric(38, 12) as "ContractedCost",
        charges.contracted_unit_price::numeric(38, 12) as "ContractedUnitPrice",
        charges.effective_cost::numeric(38, 12) as "EffectiveCost",
        null::text as "InvoiceId",
        profiles.invoice_issuer_name as "InvoiceIssuerName",
        charges.list_cost::numeric(38, 12) as "ListCost",
        charges.list_unit_price::numeric(38, 12) as "ListUnitPrice",
        case when charges.has_sku then 'Standard' end as "PricingCategory",
        charges.pricing_currency as "PricingCurrency",
        (charges.contracted_unit_price / charges.exchange_rate)::numeric(38, 12)
            as "PricingCurrencyContractedUnitPrice",
        (charges.effective_cost / charges.exchange_rate)::numeric(38, 12)
            as "PricingCurrencyEffectiveCost",
        (charges.list_unit_price / charges.exchange_rate)::numeric(38, 12)
            as "PricingCurrencyListUnitPrice",
        charges.pricing_quantity::numeric(38, 12) as "PricingQuantity",
        charges.pricing_unit as "PricingUnit",
        profiles.provider_name as "ProviderName",
        profiles.publisher_name as "PublisherName",
        profiles.region_id as "RegionId",
        profiles.region_name as "RegionName",
        profiles.resource_id as "ResourceId",
        profiles.resource_name as "ResourceName",
        profiles.resource_type as "ResourceType",
        profiles.service_category as "ServiceCategory",
        profiles.service_name as "ServiceName",
        profiles.service_subcategory as "ServiceSubcategory",
        case when charges.has_sku then profiles.sku_id end as "SkuId",
        case when charges.has_sku then profiles.sku_meter end as "SkuMeter",
        case when charges.price_id is not null then profiles.sku_price_details end
            as "SkuPriceDetails",
        charges.sku_price_id as "SkuPriceId",
        profiles.sub_account_id as "SubAccountId",
        profiles.sub_account_name as "SubAccountName",
        profiles.sub_account_type as "SubAccountType",
        profiles.tags as "Tags",
        case when owners.team is not null then '{"Elements": [{"AllocatedRatio": 1}]}'::jsonb end
            as "x_AllocatedMethodDetails",
        case when owners.team is not null then 'direct' end as "x_AllocatedMethodId",
        owners.team as "x_AllocatedResourceId",
        teams.team_name as "x_AllocatedResourceName",
        teams.allocated_tags as "x_AllocatedTags",
        owners.rule_id as "x_AttributionRuleId",
        charges.charge_id as "x_ChargeId",
        missing."x_DayVersion",
        charges.fixed_charge_id as "x_FixedChargeId",
        charges.load_id as "x_LoadId",
        charges.price_id as "x_PriceId",
        usage_records.row_number as "x_RowNumber",
        charges.source_name as "x_SourceName",
        coalesce(
            loads.file_name || ':' || usage_records.row_number,
            'seeds/fixed_charges.csv: ' || charges.fixed_charge_id
        ) as "x_SourceRecord",
        coalesce(owners.team, 'unallocated') as "x_Team",
        charges.usage_id as "x_UsageId"
    from charges
    inner join missing
        on
            charges.source_name = missing.source_name
            and charges.account_key = missing.account_key
            and charges.charge_date = missing.charge_date
    inner join profiles on charges.attribution_key = profiles.attribution_key
    left join usage_records on charges.usage_id = usage_records.usage_id
    left join loads on charges.load_id = loads.load_id
    left join owners
        on
            charges.attribution_key = owners.attribution_key
            and charges.charge_date >= owners.valid_from
            and charges.charge_date < owners.valid_to
    left join teams on owners.team = teams.team
)

select * from focus_rows
