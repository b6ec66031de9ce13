-- One row per charge for private workers: what is fixed for the account is shared by its pools, a
-- price per worker and hour is its pool's own.
with

charges as (
    select * from {{ ref('fct_charges') }}
),

meters as (
    select * from {{ ref('meters') }}
),

-- Worker fees are recognised by the service of the worker count, whatever it is called.
worker_service as (
    select service_name
    from meters
    where meter_id = 'spacelift:worker_count'
),

worker_charges as (
    select
        charges.charge_id,
        charges.account_key,
        charges.charge_date,
        charges.fixed_charge_id is not null as is_shared_by_pools,
        case when charges.fixed_charge_id is null then charges.resource_key end as worker_pool,
        charges.charge_start_at as usage_start_at,
        charges.currency,
        charges.effective_cost
    from charges
    inner join worker_service on charges.service_name = worker_service.service_name
    where
        charges.source_name = 'spacelift'
        and charges.is_priced
        and (charges.fixed_charge_id is not null or charges.meter_id = 'spacelift:worker_count')
)

select * from worker_charges
