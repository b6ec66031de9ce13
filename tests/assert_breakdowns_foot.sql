-- Guards rpt_usage_breakdown: with what is unattributed, the services of a period add up to the
-- total of the vendor's reply, and the periods of a tenant do not overlap.
with

listed as (
    select
        account_key,
        period_start_at,
        sum(event_count) as event_count,
        coalesce(sum(bytes_ingested), 0) as bytes_ingested
    from {{ ref('rpt_usage_breakdown') }}
    group by account_key, period_start_at
),

periods as (
    select
        *,
        lead(period_start_at) over (partition by account_key order by period_start_at)
            as next_start_at
    from {{ ref('rpt_usage_breakdown_periods') }}
)

select
    periods.account_key,
    periods.period_start_at,
    periods.total_event_count,
    listed.event_count as event_count_listed,
    periods.total_bytes_ingested,
    listed.bytes_ingested as bytes_ingested_listed,
    periods.next_start_at
from periods
left join listed
    on
        periods.account_key = listed.account_key
        and periods.period_start_at = listed.period_start_at
where
    coalesce(listed.event_count, 0) != periods.total_event_count
    or coalesce(listed.bytes_ingested, 0) != periods.total_bytes_ingested
    or periods.next_start_at < periods.period_end_at
