-- One row per driver, month and team: what shares are measured by. A driver is a meter of any
-- source, by the owners of its usage, or the teams' own cost before sharing ('direct_cost').
with

rules as (
    select * from {{ ref('shared_cost_rules') }}
),

usage_records as (
    select * from {{ ref('fct_usage_hourly') }}
),

owners as (
    select * from {{ ref('int_allocation__owners') }}
),

direct as (
    select * from {{ ref('int_allocation__direct') }}
),

drivers as (
    select distinct driver_meter_id as meter_id
    from rules
    where driver_meter_id is not null
),

driver_usage as (
    select
        usage_records.meter_id as driver,
        date_trunc('month', usage_records.usage_date::timestamp)::date as billing_period,
        owners.team,
        sum(usage_records.quantity) as base_quantity
    from usage_records
    inner join drivers on usage_records.meter_id = drivers.meter_id
    inner join owners
        on
            usage_records.attribution_key = owners.attribution_key
            and usage_records.usage_date >= owners.valid_from
            and usage_records.usage_date < owners.valid_to
    group by
        usage_records.meter_id,
        date_trunc('month', usage_records.usage_date::timestamp)::date,
        owners.team
),

direct_costs as (
    select
        'direct_cost' as driver,
        billing_period,
        team,
        sum(effective_cost) as base_quantity
    from direct
    where team != 'unallocated'
    group by billing_period, team
),

bases as (
    select
        driver,
        billing_period,
        team,
        base_quantity::numeric(48, 18) as base_quantity
    from driver_usage
    where base_quantity > 0
    union all
    select
        driver,
        billing_period,
        team,
        base_quantity::numeric(48, 18) as base_quantity
    from direct_costs
    where base_quantity > 0
)

select * from bases
