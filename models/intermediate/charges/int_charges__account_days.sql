-- One row per account, meter and day: what usage costs as contracted. Only for the accounts whose
-- fixed charges ask for it, a percentage or credits paid in advance.
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
        case when basis != 'percent_of_source' then account_key end as account_key
    from fixed_charges
    where
        basis like 'percent%'
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
    where
        usage_charges.contracted_cost is not null
        and exists (
            select 1
            from asked
            where
                asked.source_name = usage_charges.source_name
                and coalesce(asked.account_key, usage_charges.account_key)
                = usage_charges.account_key
        )
    group by
        usage_charges.source_name,
        usage_charges.account_key,
        usage_charges.meter_id,
        usage_charges.usage_date
)

select * from daily
