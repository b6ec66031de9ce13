-- One row per service of a reply that counts. Where a file holds two replies for one period, the
-- later row of a service counts.
with

breakdowns as (
    select * from {{ ref('stg_infrasage__usage_breakdowns') }}
),

replies as (
    select * from {{ ref('int_breakdowns__replies') }}
),

services as (
    select distinct on (
        breakdowns.load_id,
        breakdowns.account_key,
        breakdowns.period_start_at,
        breakdowns.period_end_at,
        breakdowns.service_key
    )
        breakdowns.load_id,
        breakdowns.account_key,
        breakdowns.period_start_at,
        breakdowns.period_end_at,
        breakdowns.service_key,
        breakdowns.event_count,
        breakdowns.bytes_ingested
    from breakdowns
    inner join replies
        on
            breakdowns.load_id = replies.load_id
            and breakdowns.account_key = replies.account_key
            and breakdowns.period_start_at = replies.period_start_at
            and breakdowns.period_end_at = replies.period_end_at
    where
        replies.is_current
        and breakdowns.service_key is not null
    order by
        breakdowns.load_id asc,
        breakdowns.account_key asc,
        breakdowns.period_start_at asc,
        breakdowns.period_end_at asc,
        breakdowns.service_key asc,
        breakdowns.row_number desc
)

select * from services
