-- Guards invariant 1 between the slices that count and fct_usage_hourly: per load, account, hour
-- and meter the same number of records and the same quantity, however the fact was built.
with

actual as (
    select
        load_id,
        account_key,
        usage_start_at,
        meter_id,
        count(*) as records,
        sum(quantity) as quantity
    from {{ ref('fct_usage_hourly') }}
    group by load_id, account_key, usage_start_at, meter_id
),

expected as (
    select * from {{ ref('int_usage__meter_hours') }}
)

select
    coalesce(expected.load_id, actual.load_id) as load_id,
    coalesce(expected.usage_start_at, actual.usage_start_at) as usage_start_at,
    coalesce(expected.meter_id, actual.meter_id) as meter_id,
    expected.quantity as quantity_expected,
    actual.quantity as quantity_actual
from expected
full join actual
    on
        expected.load_id = actual.load_id
        and expected.account_key = actual.account_key
        and expected.usage_start_at = actual.usage_start_at
        and expected.meter_id = actual.meter_id
where
    expected.records is distinct from actual.records
    or expected.quantity is distinct from actual.quantity
