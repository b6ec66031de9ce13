-- One row per tenant, period and service, and one for what the reply gives to no service: a
-- period's rows add up to the reply's own total.
with

services as (
    select * from {{ ref('int_breakdowns__services') }}
),

periods as (
    select * from {{ ref('rpt_usage_breakdown_periods') }}
),

listed as (
    select
        account_key,
        period_start_at,
        period_end_at,
        service_key,
        false as is_unattributed,
        event_count,
        bytes_ingested,
        load_id
    from services
    union all
    select
        account_key,
        period_start_at,
        period_end_at,
        'unattributed' as service_key,
        true as is_unattributed,
        unattributed_event_count as event_count,
        unattributed_bytes_ingested as bytes_ingested,
        load_id
    from periods
    where unattributed_event_count != 0 or unattributed_bytes_ingested != 0
)

select * from listed
