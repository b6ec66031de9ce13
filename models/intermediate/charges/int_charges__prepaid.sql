-- Credits paid in advance: bought once, used day by day. One row per day that used some, which
-- takes what is covered off the bill, and one for what had not been used when the credits ran
-- out. What the credits cost follows the usage they cover, so over their life it is the amount
-- paid, exactly.
with

amounts as (
    select * from {{ ref('int_charges__stated_amounts') }}
    where prepaid_amount is not null
),

account_days as (
    select * from {{ ref('int_charges__account_days') }}
),

used as (
    select
        amounts.fixed_charge_id,
        account_days.usage_date,
        amounts.charged_amount,
        amounts.charged_prepaid_amount,
        sum(account_days.contracted_cost) as contracted_cost
    from amounts
    inner join account_days
        on
            amounts.source_name = account_days.source_name
            and amounts.account_key = account_days.account_key
            and amounts.period_start <= account_days.usage_date
            and amounts.period_end > account_days.usage_date
    group by
        amounts.fixed_charge_id,
        account_days.usage_date,
        amounts.charged_amount,
        amounts.charged_prepaid_amount
),

running as (
    select
        fixed_charge_id,
        usage_date,
        charged_amount,
        charged_prepaid_amount,
        least(sum(contracted_cost) over so_far, charged_prepaid_amount) as covered_after,
        least(sum(contracted_cost) over so_far - contracted_cost, charged_prepaid_amount)
            as covered_before
    from used
    window so_far as (partition by fixed_charge_id order by usage_date)
),

drawn as (
    select
        fixed_charge_id,
        usage_date as charge_date,
        covered_after - covered_before as covered_cost,
        round(charged_amount * covered_after / charged_prepaid_amount, 12)
        - round(charged_amount * covered_before / charged_prepaid_amount, 12) as paid_cost
    from running
    where covered_after != covered_before
),

totals as (
    select
        fixed_charge_id,
        sum(paid_cost) as paid_cost
    from drawn
    group by fixed_charge_id
),

parts as (
    select
        fixed_charge_id,
        'use' as part,
        charge_date,
        'Credit' as charge_category,
        (-covered_cost)::numeric(38, 12) as billed_cost,
        (paid_cost - covered_cost)::numeric(38, 12) as effective_cost
    from drawn
    union all
    select
        amounts.fixed_charge_id,
        'expiry' as part,
        amounts.period_end - 1 as charge_date,
        'Adjustment' as charge_category,
        0::numeric(38, 12) as billed_cost,
        (amounts.charged_amount - coalesce(totals.paid_cost, 0))::numeric(38, 12) as effective_cost
    from amounts
    left join totals on amounts.fixed_charge_id = totals.fixed_charge_id
    where
        amounts.period_end <= ({{ as_of() }} at time zone 'UTC')::date
        and amounts.charged_amount != coalesce(totals.paid_cost, 0)
)

select * from parts
