-- One row per account, meter and day: what usage costs as contracted. Only for the accounts whose
-- fixed charges ask for it, a percentage of usage or credits paid in advance.
with

usage_charges as (
    select * from {{ ref('int_charges__usage') }}
),

fixed_charges as (
    select * from {{ ref('fixed_charges') }}
),

asked as (
    select distinct
        source_name,
        account_key
    from fixed_charges
    where
        basis = 'percent'
        or prepaid_amount is not null
),

daily as (
    select
        usage_charges.source_name,
        usage_charges.account_key,
        usage_charges.meter_id,
        usage_charges.usage_date,
        sum(usage_charges.contracted_cost) as contracted_cost
    from usage_charges
    inner join asked
        on
            usage_charges.source_name = asked.source_name
            and usage_charges.account_key = asked.account_key
    where usage_charges.contracted_cost is not null
    group by
        usage_charges.source_name,
        usage_charges.account_key,
        usage_charges.meter_id,
        usage_charges.usage_date
)

select * from daily
