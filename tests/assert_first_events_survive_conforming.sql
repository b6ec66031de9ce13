-- Guards invariant 1 for Metronome: every transaction id is one event of the usage contract, and
-- nothing else is.
with

staged as (
    select
        account_key,
        count(distinct transaction_key) as event_count
    from {{ ref('stg_metronome__usage_events') }}
    group by account_key
),

conformed as (
    select
        account_key,
        sum(quantity) as event_count
    from {{ ref('int_usage__metronome') }}
    group by account_key
)

select
    coalesce(staged.account_key, conformed.account_key) as account_key,
    staged.event_count as events_staged,
    conformed.event_count as events_conformed
from staged
full join conformed on staged.account_key = conformed.account_key
where staged.event_count is distinct from conformed.event_count
