-- One row per driver, day and team: what the day's shares are measured by, added up from the first
-- of the month to the day itself, so that no later day, and no rule dated later, moves a share. A
-- driver is a meter of any source, by the owners of its usage, or the teams' own cost before
-- sharing ('direct_cost').
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

days as (
    select distinct
        usage_date,
        billing_period
    from direct
),

drivers as (
    select distinct driver_meter_id as meter_id
    from rules
    where driver_meter_id is not null
),

daily as (
    select
        usage_records.meter_id as driver,
        usage_records.usage_date,
        owners.team,
        sum(usage_records.quantity) as base_quantity
    from usage_records
    inner join drivers on usage_records.meter_id = drivers.meter_id
    inner join owners
        on
            usage_records.attribution_key = owners.attribution_key
            and usage_records.usage_date >= owners.valid_from
            and usage_records.usage_date < owners.valid_to
    where owners.team is not null
    group by usage_records.meter_id, usage_records.usage_date, owners.team
    union all
    select
        'direct_cost' as driver,
        usage_date,
        team,
        sum(effective_cost) as base_quantity
    from direct
    where team != 'unallocated'
    group by usage_date, team
),

used as (
    select distinct
        driver,
        date_trunc('month', usage_date::timestamp)::date as billing_period,
        team
    from daily
),

-- Every day with cost has a base, whether the driver was used on it or not.
placed as (
    select
        driver,
        usage_date,
        date_trunc('month', usage_date::timestamp)::date as billing_period,
        team,
        base_quantity,
        false as is_asked
    from daily
    union all
    select
        used.driver,
        days.usage_date,
        days.billing_period,
        used.team,
        0 as base_quantity,
        true as is_asked
    from days
    inner join used on days.billing_period = used.billing_period
),

running as (
    select
        driver,
        usage_date,
        team,
        is_asked,
        sum(base_quantity) over (
            partition by driver, billing_period, team
            order by usage_date
            range between unbounded preceding and current row
        ) as base_quantity
    from placed
),

bases as (
    select
        driver,
        usage_date,
        team,
        base_quantity::numeric(48, 18) as base_quantity
    from running
    where
        is_asked
        and base_quantity > 0
)

select * from bases
