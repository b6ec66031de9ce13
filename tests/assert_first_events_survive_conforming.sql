-- Guards invariant 1 for events: every event that was loaded counts, repeats one that does, or is
-- out of window, and every identifier in window counts at least once.
with

arrived as (
    select
        arrivals.usage_group,
        arrivals.account_key,
        count(*) as events,
        count(*) filter (where arrivals.is_in_window and duplicates.load_id is null) as counting,
        count(distinct arrivals.record_key) filter (where arrivals.is_in_window) as identifiers
    from {{ ref('int_usage__arrivals') }} as arrivals
    left join {{ ref('int_usage__duplicates') }} as duplicates
        on
            arrivals.load_id = duplicates.load_id
            and arrivals.row_number = duplicates.row_number
    group by arrivals.usage_group, arrivals.account_key
),

explained as (
    select
        usage_group,
        account_key,
        sum(rows_held) as events,
        sum(records) as counting
    from {{ ref('int_usage__slice_status') }}
    where decision = 'record by record'
    group by usage_group, account_key
)

select
    arrived.usage_group,
    arrived.account_key,
    arrived.events,
    arrived.counting,
    arrived.identifiers,
    explained.counting as counting_explained
from arrived
full join explained
    on
        arrived.usage_group = explained.usage_group
        and arrived.account_key = explained.account_key
where
    arrived.events is distinct from explained.events
    or arrived.counting is distinct from explained.counting
    or arrived.counting < arrived.identifiers
