-- One row per reply, that is the rows of one load, tenant and period, and whether it counts. From
-- the newest load on, a reply counts unless one that counts has a part of its period.
with recursive

loads as (
    select * from {{ ref('stg_loader__loads') }}
    where is_current
),

breakdowns as (
    select breakdowns.*
    from {{ ref('stg_infrasage__usage_breakdowns') }} as breakdowns
    inner join loads on breakdowns.load_id = loads.load_id
),

-- A period that ends before it begins says nothing; a test of the staging model names it.
replies as (
    select
        load_id,
        account_key,
        period_start_at,
        period_end_at,
        max(row_number) as last_row_number,
        (array_agg(total_event_count order by row_number desc))[1] as total_event_count,
        (array_agg(total_bytes_ingested order by row_number desc))[1] as total_bytes_ingested
    from breakdowns
    where period_start_at < period_end_at
    group by load_id, account_key, period_start_at, period_end_at
),

ranked as (
    select
        *,
        tstzrange(period_start_at, period_end_at) as period,
        row_number() over (
            partition by account_key order by load_id desc, last_row_number desc
        ) as newness
    from replies
),

chosen as (
    select
        ranked.*,
        true as is_current,
        tstzmultirange(ranked.period) as covered
    from ranked
    where ranked.newness = 1
    union all
    select
        ranked.*,
        not chosen.covered && ranked.period as is_current,
        case
            when chosen.covered && ranked.period then chosen.covered
            else chosen.covered + tstzmultirange(ranked.period)
        end as covered
    from chosen
    inner join ranked
        on
            chosen.account_key = ranked.account_key
            and chosen.newness + 1 = ranked.newness
),

described as (
    select
        load_id,
        account_key,
        period_start_at,
        period_end_at,
        total_event_count,
        total_bytes_ingested,
        is_current
    from chosen
)

select * from described
