-- One row per day, meter, account, resource, owner and currency: what priced charges cost before
-- anything is shared.
with

charges as (
    select * from {{ ref('fct_charges') }}
),

owners as (
    select * from {{ ref('int_allocation__owners') }}
),

owned as (
    select
        charges.charge_date as usage_date,
        charges.billing_period,
        charges.source_name,
        charges.account_key,
        charges.service_name,
        charges.meter_id,
        charges.fixed_charge_id is not null as is_fixed,
        charges.resource_key,
        max(charges.resource_name) as resource_name,
        coalesce(owners.team, 'unallocated') as team,
        owners.rule_id,
        charges.currency,
        sum(charges.list_cost)::numeric(38, 12) as list_cost,
        sum(charges.contracted_cost)::numeric(38, 12) as contracted_cost,
        sum(charges.effective_cost)::numeric(38, 12) as effective_cost,
        sum(charges.billed_cost)::numeric(38, 12) as billed_cost,
        count(*) as charges,
        min(charges.charge_start_at) as first_charged_at,
        max(charges.charge_end_at) as last_charged_at
    from charges
    left join owners
        on
            charges.attribution_key = owners.attribution_key
            and charges.charge_date >= owners.valid_from
            and charges.charge_date < owners.valid_to
    where charges.is_priced
    group by
        charges.charge_date,
        charges.billing_period,
        charges.source_name,
        charges.account_key,
        charges.service_name,
        charges.meter_id,
        charges.fixed_charge_id is not null,
        charges.resource_key,
        coalesce(owners.team, 'unallocated'),
        owners.rule_id,
        charges.currency
)

select * from owned
