-- One row per breakdown reply that counts: does it foot, and what did the metering say?
with

replies as (
    select * from {{ ref('int_breakdowns__replies') }}
),

services as (
    select * from {{ ref('int_breakdowns__services') }}
),

metered_hours as (
    select * from {{ ref('rpt_event_types_hourly') }}
),

attributed as (
    select
        load_id,
        account_key,
        period_start_at,
        sum(event_count) as event_count,
        sum(bytes_ingested) as bytes_ingested
    from services
    group by load_id, account_key, period_start_at
),

-- Replies that count do not overlap, so that a tenant's hour belongs to one of them at most.
metered as (
    select
        replies.account_key,
        replies.period_start_at,
        sum(metered_hours.event_count) as event_count,
        sum(metered_hours.bytes_ingested) as bytes_ingested
    from replies
    inner join metered_hours
        on
            replies.account_key = metered_hours.account_key
            and replies.period_start_at <= metered_hours.usage_start_at
            and replies.period_end_at > metered_hours.usage_start_at
    where replies.is_current
    group by replies.account_key, replies.period_start_at
),

compared as (
    select
        replies.account_key,
        replies.period_start_at,
        replies.period_end_at,
        replies.total_event_count,
        replies.total_bytes_ingested,
        coalesce(attributed.event_count, 0) as attributed_event_count,
        coalesce(attributed.bytes_ingested, 0) as attributed_bytes_ingested,
        replies.total_event_count - coalesce(attributed.event_count, 0)
            as unattributed_event_count,
        replies.total_bytes_ingested - coalesce(attributed.bytes_ingested, 0)
            as unattributed_bytes_ingested,
        metered.event_count as metered_event_count,
        metered.bytes_ingested as metered_bytes_ingested,
        metered.event_count - replies.total_event_count as event_count_difference,
        metered.bytes_ingested - replies.total_bytes_ingested as bytes_ingested_difference,
        replies.load_id
    from replies
    left join attributed
        on
            replies.load_id = attributed.load_id
            and replies.account_key = attributed.account_key
            and replies.period_start_at = attributed.period_start_at
    left join metered
        on
            replies.account_key = metered.account_key
            and replies.period_start_at = metered.period_start_at
    where replies.is_current
)

select * from compared
