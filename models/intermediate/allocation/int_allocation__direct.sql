-- One row per day, meter, account, owner and currency: cost before sharing, without the resource.
-- The fee for private workers is parted into what runs used and what stood idle.
with

owned as (
    select * from {{ ref('int_allocation__owned') }}
),

pool_hours as (
    select * from {{ ref('rpt_worker_utilisation_hourly') }}
),

meters as (
    select * from {{ ref('meters') }}
),

daily as (
    select
        usage_date,
        billing_period,
        source_name,
        account_key,
        service_name,
        meter_id,
        is_fixed,
        team,
        rule_id,
        currency,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost,
        sum(effective_cost) as effective_cost,
        sum(billed_cost) as billed_cost,
        sum(charges) as charges
    from owned
    group by
        usage_date,
        billing_period,
        source_name,
        account_key,
        service_name,
        meter_id,
        is_fixed,
        team,
        rule_id,
        currency
),

-- Worker fees are recognised by the service of the worker count, whatever it is called.
worker_service as (
    select service_name
    from meters
    where meter_id = 'spacelift:worker_count'
),

idle_days as (
    select
        account_key,
        usage_date,
        currency,
        sum(idle_cost) / nullif(sum(effective_cost), 0) as idle_ratio
    from pool_hours
    where not is_unassigned
    group by account_key, usage_date, currency
),

fees as (
    select
        daily.*,
        coalesce(idle_days.idle_ratio, 0) as idle_ratio
    from daily
    left join worker_service on daily.service_name = worker_service.service_name
    left join idle_days
        on
            daily.account_key = idle_days.account_key
            and daily.usage_date = idle_days.usage_date
            and daily.currency = idle_days.currency
            and daily.is_fixed
            and daily.source_name = 'spacelift'
            and worker_service.service_name is not null
),

parted as (
    select
        fees.*,
        parts.is_idle,
        case
            when parts.is_idle then round(fees.list_cost * fees.idle_ratio, 12)
            else fees.list_cost - round(fees.list_cost * fees.idle_ratio, 12)
        end as parted_list_cost,
        case
            when parts.is_idle then round(fees.contracted_cost * fees.idle_ratio, 12)
            else fees.contracted_cost - round(fees.contracted_cost * fees.idle_ratio, 12)
        end as parted_contracted_cost,
        case
            when parts.is_idle then round(fees.effective_cost * fees.idle_ratio, 12)
            else fees.effective_cost - round(fees.effective_cost * fees.idle_ratio, 12)
        end as parted_effective_cost,
        case
            when parts.is_idle then round(fees.billed_cost * fees.idle_ratio, 12)
            else fees.billed_cost - round(fees.billed_cost * fees.idle_ratio, 12)
        end as parted_billed_cost
    from fees
    inner join (values (false), (true)) as parts (is_idle)
        on not parts.is_idle or fees.idle_ratio != 0
),

direct as (
    select
        usage_date,
        billing_period,
        source_name,
        account_key,
        service_name,
        meter_id,
        is_idle,
        team,
        rule_id,
        currency,
        sum(parted_list_cost)::numeric(38, 12) as list_cost,
        sum(parted_contracted_cost)::numeric(38, 12) as contracted_cost,
        sum(parted_effective_cost)::numeric(38, 12) as effective_cost,
        sum(parted_billed_cost)::numeric(38, 12) as billed_cost,
        sum(case when is_idle then 0 else charges end)::bigint as charges
    from parted
    group by
        usage_date,
        billing_period,
        source_name,
        account_key,
        service_name,
        meter_id,
        is_idle,
        team,
        rule_id,
        currency
)

select * from direct
