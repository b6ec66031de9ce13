-- One row per fixed charge with its amount. A percentage of an account or a source is of what is
-- billed in its period: usage, credits that cover some, and the other fixed charges by their first
-- day. Taxes and other percentages of this kind are left out, so that none is a part of its base.
with

stated as (
    select
        *,
        basis in ('percent_of_account', 'percent_of_source') as is_of_charges
    from {{ ref('int_charges__stated_amounts') }}
),

prepaid as (
    select * from {{ ref('int_charges__prepaid') }}
),

account_days as (
    select * from {{ ref('int_charges__account_days') }}
),

billed as (
    select
        source_name,
        account_key,
        usage_date as billed_date,
        contracted_cost as billed_cost
    from account_days
    union all
    select
        source_name,
        account_key,
        period_start as billed_date,
        charged_amount as billed_cost
    from stated
    where
        charge_category != 'Tax'
        and not is_of_charges
    union all
    select
        stated.source_name,
        stated.account_key,
        prepaid.charge_date as billed_date,
        prepaid.billed_cost
    from prepaid
    inner join stated on prepaid.fixed_charge_id = stated.fixed_charge_id
),

bases as (
    select
        stated.fixed_charge_id,
        sum(billed.billed_cost) as billed_cost
    from stated
    inner join billed
        on
            stated.source_name = billed.source_name
            and (stated.basis = 'percent_of_source' or stated.account_key = billed.account_key)
            and stated.period_start <= billed.billed_date
            and stated.period_end > billed.billed_date
    where stated.is_of_charges
    group by stated.fixed_charge_id
),

resolved as (
    select
        stated.fixed_charge_id,
        stated.source_name,
        stated.account_key,
        stated.meter_id,
        stated.charge_category,
        stated.charge_frequency,
        stated.charge_class,
        stated.description,
        stated.prepaid_amount,
        stated.is_amortised,
        stated.currency,
        stated.period_start,
        stated.period_end,
        stated.charged_quantity,
        stated.exchange_rate,
        case
            when stated.is_of_charges
                then round(stated.percent / 100 * coalesce(bases.billed_cost, 0), 12)
            else stated.charged_amount
        end::numeric(38, 12) as charged_amount,
        stated.charged_prepaid_amount
    from stated
    left join bases on stated.fixed_charge_id = bases.fixed_charge_id
)

select * from resolved
