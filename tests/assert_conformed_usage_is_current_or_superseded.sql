-- Guards invariant 1 between the union and fct_usage_hourly: per load and meter, what was conformed
-- is either in the fact or in a slice that a newer export owns.
with

superseded as (
    select * from {{ ref('int_usage__superseded') }}
),

conformed as (
    select * from {{ ref('int_usage__unioned') }}
),

expected as (
    select
        conformed.load_id,
        conformed.source_name || ':' || conformed.meter_key as meter_id,
        sum(conformed.quantity) as quantity,
        count(*) as record_count
    from conformed
    left join superseded
        on
            conformed.export_name = superseded.export_name
            and conformed.account_key = superseded.account_key
            and conformed.usage_start_at = superseded.usage_start_at
            and conformed.load_id = superseded.load_id
    where superseded.load_id is null
    group by conformed.load_id, conformed.source_name, conformed.meter_key
),

actual as (
    select
        load_id,
        meter_id,
        sum(quantity) as quantity,
        count(*) as record_count
    from {{ ref('fct_usage_hourly') }}
    group by load_id, meter_id
)

select
    coalesce(expected.load_id, actual.load_id) as load_id,
    coalesce(expected.meter_id, actual.meter_id) as meter_id,
    expected.quantity as quantity_expected,
    actual.quantity as quantity_actual
from expected
full join actual
    on
        expected.load_id = actual.load_id
        and expected.meter_id = actual.meter_id
where
    expected.quantity is distinct from actual.quantity
    or expected.record_count is distinct from actual.record_count
