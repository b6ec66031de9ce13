-- Guards invariant 1 between usage and charges: every record of a meter that costs money is charged
-- once, with its quantity; nothing else is.
with

usage_totals as (
    select
        usage_records.meter_id,
        sum(usage_records.quantity) as quantity,
        count(*) as record_count
    from {{ ref('fct_usage_hourly') }} as usage_records
    left join {{ ref('meters') }} as meters on usage_records.meter_id = meters.meter_id
    where meters.role = 'cost' or meters.role is null
    group by usage_records.meter_id
),

charge_totals as (
    select
        meter_id,
        sum(quantity) as quantity,
        count(*) as record_count
    from {{ ref('fct_charges') }}
    where usage_id is not null
    group by meter_id
)

select
    coalesce(usage_totals.meter_id, charge_totals.meter_id) as meter_id,
    usage_totals.quantity as quantity_used,
    charge_totals.quantity as quantity_charged
from usage_totals
full join charge_totals on usage_totals.meter_id = charge_totals.meter_id
where
    usage_totals.quantity is distinct from charge_totals.quantity
    or usage_totals.record_count is distinct from charge_totals.record_count
