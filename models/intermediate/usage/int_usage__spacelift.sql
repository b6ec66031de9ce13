-- One row per worker pool and hour (a level), and per run, state and hour (minutes).
with

worker_counts as (
    select * from {{ ref('stg_spacelift__worker_counts') }}
),

run_minutes as (
    select * from {{ ref('stg_spacelift__run_minutes') }}
),

run_states as (
    select * from {{ ref('spacelift_run_states') }}
),

-- A run that waits (queued, ready, unconfirmed …) holds no worker; a state the seed does not know
-- is neither, and shows as a meter nobody declared.
classified as (
    select
        run_minutes.*,
        case when run_minutes.is_public then 'public.' else 'private.' end
        || case run_states.holds_worker
            when true then 'occupying' when false then 'waiting' else 'unknown'
        end as minutes_kind
    from run_minutes
    left join run_states on run_minutes.run_state = run_states.run_state
),

-- The same minutes are exported by run state or by run type; only states tell waiting apart, so
-- where both cover an hour the states count. A run has one type, which the key leaves out.
measured as (
    select
        'spacelift.worker_count' as export_name,
        1 as export_precedence,
        account_key,
        'worker_count' as meter_key,
        md5(row(worker_pool_name)::text)::uuid as record_key,
        worker_pool_name as resource_key,
        worker_pool_name as resource_name,
        date_trunc('hour', counted_at, 'UTC') as usage_start_at,
        worker_count::numeric(38, 18) as quantity,
        'Workers' as unit,
        jsonb_build_object('worker_pool', worker_pool_name) as tags,
        load_id,
        row_number
    from worker_counts
    union all
    select
        'spacelift.run_minutes' as export_name,
        case when run_state is null then 1 else 2 end as export_precedence,
        account_key,
        'run_minutes.' || minutes_kind as meter_key,
        md5(row(run_key, run_state, stack_key, worker_pool_key, is_public)::text)::uuid
            as record_key,
        stack_slug as resource_key,
        stack_name as resource_name,
        date_trunc('hour', counted_at, 'UTC') as usage_start_at,
        state_duration_minutes as quantity,
        'Minutes' as unit,
        jsonb_build_object(
            'stack_slug', stack_slug, 'run_type', run_type, 'worker_pool', worker_pool_name
        ) as tags,
        load_id,
        row_number
    from classified
)

select
    'spacelift' as source_name,
    export_name,
    export_name as usage_group,
    export_precedence,
    'slice' as overlap_rule,
    account_key,
    meter_key,
    record_key,
    null::uuid as copy_key,
    1 as measure_number,
    resource_key,
    resource_name,
    null::text as owner_key,
    usage_start_at,
    usage_start_at + interval '1 hour' as usage_end_at,
    null::timestamptz as occurred_at,
    true as is_in_window,
    quantity,
    unit,
    jsonb_strip_nulls(tags) as tags,
    load_id,
    row_number
from measured
