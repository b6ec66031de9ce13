-- Guards invariant 1 between usage and completeness: every hour with usage of an export that has a
-- schedule is one present hour, and nothing else is.
with

loaded as (
    select
        coalesce(schedules.superseded_by, schedules.export_name) as export_name,
        usage_records.account_key,
        usage_records.usage_date,
        count(distinct usage_records.usage_start_at) as hours
    from {{ ref('fct_usage_hourly') }} as usage_records
    inner join {{ ref('source_schedules') }} as schedules
        on usage_records.export_name = schedules.export_name
    group by
        coalesce(schedules.superseded_by, schedules.export_name),
        usage_records.account_key,
        usage_records.usage_date
),

present as (
    select
        export_name,
        account_key,
        usage_date,
        hours_present as hours
    from {{ ref('rpt_source_completeness') }}
    where hours_present > 0
)

select
    coalesce(loaded.export_name, present.export_name) as export_name,
    coalesce(loaded.account_key, present.account_key) as account_key,
    coalesce(loaded.usage_date, present.usage_date) as usage_date,
    loaded.hours as hours_loaded,
    present.hours as hours_present
from loaded
full join present
    on
        loaded.export_name = present.export_name
        and loaded.account_key = present.account_key
        and loaded.usage_date = present.usage_date
where loaded.hours is distinct from present.hours
