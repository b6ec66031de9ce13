-- One row per fixed charge: its amount in the reporting currency. Seats are quantity x unit
-- price; a fee on the peak is the highest hour of a level x unit price; a percentage is of the
-- contracted cost of the account's usage in the period, which is in the reporting currency already.
-- What is a percentage of all that is charged has no amount yet.
with

fixed_charges as (
    select
        *,
        case when basis like 'percent%' then {{ reporting_currency() }} else currency end
            as charged_currency
    from {{ ref('fixed_charges') }}
),

usage_records as (
    select * from {{ ref('fct_usage_hourly') }}
),

account_days as (
    select * from {{ ref('int_charges__account_days') }}
),

exchange_rates as (
    select * from {{ ref('exchange_rates') }}
),

hourly_levels as (
    select
        fixed_charges.fixed_charge_id,
        usage_records.usage_start_at,
        sum(usage_records.quantity) as quantity
    from usage_records
    inner join fixed_charges
        on
            usage_records.meter_id = fixed_charges.basis_meter_id
            and usage_records.account_key = fixed_charges.account_key
            and usage_records.usage_date >= fixed_charges.period_start
            and usage_records.usage_date < fixed_charges.period_end
    where fixed_charges.basis = 'peak'
    group by fixed_charges.fixed_charge_id, usage_records.usage_start_at
),

peaks as (
    select
        fixed_charge_id,
        max(quantity) as quantity
    from hourly_levels
    group by fixed_charge_id
),

bases as (
    select
        fixed_charges.fixed_charge_id,
        sum(account_days.contracted_cost) as contracted_cost
    from fixed_charges
    inner join account_days
        on
            fixed_charges.source_name = account_days.source_name
            and fixed_charges.account_key = account_days.account_key
            and fixed_charges.period_start <= account_days.usage_date
            and fixed_charges.period_end > account_days.usage_date
            and (
                fixed_charges.basis_meter_id is null
                or fixed_charges.basis_meter_id = account_days.meter_id
            )
    where fixed_charges.basis = 'percent'
    group by fixed_charges.fixed_charge_id
),

stated as (
    select
        fixed_charges.fixed_charge_id,
        case fixed_charges.basis
            when 'peak' then coalesce(peaks.quantity, 0) else fixed_charges.quantity
        end::numeric(38, 18) as quantity,
        ({{ exchange_rate('fixed_charges.charged_currency', 'exchange_rates') }})::numeric(38, 18)
            as exchange_rate,
        case fixed_charges.basis
            when 'amount' then fixed_charges.amount
            when 'quantity' then fixed_charges.unit_price * fixed_charges.quantity
            when 'peak' then fixed_charges.unit_price * coalesce(peaks.quantity, 0)
            when 'percent' then fixed_charges.percent / 100 * coalesce(bases.contracted_cost, 0)
        end as amount
    from fixed_charges
    left join peaks on fixed_charges.fixed_charge_id = peaks.fixed_charge_id
    left join bases on fixed_charges.fixed_charge_id = bases.fixed_charge_id
    left join exchange_rates
        on
            fixed_charges.charged_currency = exchange_rates.from_currency
            and exchange_rates.to_currency = {{ reporting_currency() }}
            and exchange_rates.billing_period
            = date_trunc('month', fixed_charges.period_start::timestamp)::date
),

resolved as (
    select
        fixed_charges.fixed_charge_id,
        fixed_charges.source_name,
        fixed_charges.account_key,
        fixed_charges.meter_id,
        fixed_charges.charge_category,
        fixed_charges.charge_frequency,
        fixed_charges.charge_class,
        fixed_charges.description,
        fixed_charges.prepaid_amount,
        fixed_charges.is_amortised,
        fixed_charges.basis,
        fixed_charges.percent,
        fixed_charges.charged_currency as currency,
        fixed_charges.period_start,
        fixed_charges.period_end,
        stated.quantity as charged_quantity,
        stated.exchange_rate,
        round(stated.amount * stated.exchange_rate, 12)::numeric(38, 12) as charged_amount,
        round(fixed_charges.prepaid_amount * stated.exchange_rate, 12)::numeric(38, 12)
            as charged_prepaid_amount
    from fixed_charges
    inner join stated on fixed_charges.fixed_charge_id = stated.fixed_charge_id
)

select * from resolved
