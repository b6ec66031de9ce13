-- One row per export, account and UTC day: how many of its hours have usage, and what the others
-- mean.
with

judged as (
    select * from {{ ref('int_completeness__judged_hours') }}
),

daily as (
    select
        source_name,
        export_name,
        account_key,
        usage_date,
        case
            when bool_or(status = 'missing') then 'missing'
            when bool_or(status = 'late') then 'late'
            when bool_or(status = 'not_due') then 'not_due'
            when bool_or(status = 'present') then 'present'
            else 'zero'
        end as status,
        count(*) as hours,
        count(*) filter (where status = 'present') as hours_present,
        count(*) filter (where status = 'zero') as hours_zero,
        count(*) filter (where status = 'not_due') as hours_not_due,
        count(*) filter (where status = 'late') as hours_late,
        count(*) filter (where status = 'missing') as hours_missing,
        min(usage_start_at) filter (where status in ('late', 'missing')) as awaited_from_at,
        as_of_at
    from judged
    group by source_name, export_name, account_key, usage_date, as_of_at
)

select * from daily
