-- One row per load and slice (usage group, account, hour): whether its rows count there, and why.
-- From the newest load to the oldest, a load counts unless it shares a record with one that counts:
-- then that one restates the slice. Loads that share no record are pieces of one export, cut inside
-- the hour. Where exports hold the same usage, only those of the highest precedence take part.
with recursive

slices as (
    select * from {{ ref('int_usage__slices') }}
),

arrivals as (
    select * from {{ ref('int_usage__arrivals') }}
),

duplicates as (
    select * from {{ ref('int_usage__duplicates') }}
),

loads as (
    select * from {{ ref('stg_loader__loads') }}
),

meters as (
    select * from {{ ref('meters') }}
),

held as (
    select
        slices.load_id,
        slices.source_name,
        slices.export_name,
        slices.usage_group,
        slices.account_key,
        slices.usage_start_at,
        max(slices.export_precedence) as export_precedence,
        sum(slices.records)::bigint as records,
        sum(slices.rows_held)::bigint as rows_held,
        sum(slices.rows_repeated)::bigint as rows_repeated,
        bool_or(slices.rows_repeated > 0 or slices.records > cardinality(slices.record_keys))
            as has_equal_keys,
        string_agg(
            slices.meter_key || ':' || meters.service_name, ',' order by slices.meter_key
        ) as service_names,
        slices.usage_version,
        loads.is_current,
        loads.replaced_by
    from slices
    inner join loads on slices.load_id = loads.load_id
    left join meters on slices.source_name || ':' || slices.meter_key = meters.meter_id
    group by
        slices.load_id,
        slices.source_name,
        slices.export_name,
        slices.usage_group,
        slices.account_key,
        slices.usage_start_at,
        slices.usage_version,
        loads.is_current,
        loads.replaced_by
),

ranked as (
    select
        *,
        max(export_precedence) filter (where is_current) over rivals as highest_precedence,
        count(*) filter (where is_current) over rivals as loads_in_slice,
        count(*) over rivals as loads_ever_in_slice
    from held
    window rivals as (partition by usage_group, account_key, usage_start_at)
),

competing as (
    select
        load_id,
        usage_group,
        account_key,
        usage_start_at,
        row_number() over (
            partition by usage_group, account_key, usage_start_at
            order by load_id desc
        ) as newness
    from ranked
    where
        is_current
        and loads_in_slice > 1
        and export_precedence = highest_precedence
),

competing_slices as (
    select
        competing.load_id,
        competing.newness,
        slices.usage_group,
        slices.account_key,
        slices.usage_start_at,
        slices.meter_key,
        slices.record_keys,
        cardinality(slices.record_keys)::bigint as key_count
    from competing
    inner join slices
        on
            competing.load_id = slices.load_id
            and competing.usage_group = slices.usage_group
            and competing.account_key = slices.account_key
            and competing.usage_start_at = slices.usage_start_at
),

-- Keys are sorted, so that of a restated hour the first already match. Large pieces, which match
-- nowhere, are compared by hashing instead of key by key.
sharing as (
    select
        older.usage_group,
        older.account_key,
        older.usage_start_at,
        older.load_id,
        array_agg(distinct newer.load_id) as newer_load_ids
    from competing_slices as older
    inner join competing_slices as newer
        on
            older.usage_group = newer.usage_group
            and older.account_key = newer.account_key
            and older.usage_start_at = newer.usage_start_at
            and older.meter_key = newer.meter_key
            and older.newness > newer.newness
    where
        case
            when older.record_keys[1] = newer.record_keys[1] then true
            when older.key_count * newer.key_count < 10000
                then older.record_keys && newer.record_keys
            else exists (
                select unnest(older.record_keys)
                intersect
                select unnest(newer.record_keys)
            )
        end
    group by older.usage_group, older.account_key, older.usage_start_at, older.load_id
),

decided as (
    select
        usage_group,
        account_key,
        usage_start_at,
        load_id,
        newness,
        array[load_id] as counting_load_ids,
        null::bigint[] as sharing_load_ids
    from competing
    where newness = 1
    union all
    select
        competing.usage_group,
        competing.account_key,
        competing.usage_start_at,
        competing.load_id,
        competing.newness,
        case
            when sharing.newer_load_ids && decided.counting_load_ids
                then decided.counting_load_ids
            else decided.counting_load_ids || competing.load_id
        end as counting_load_ids,
        sharing.newer_load_ids as sharing_load_ids
    from decided
    inner join competing
        on
            decided.usage_group = competing.usage_group
            and decided.account_key = competing.account_key
            and decided.usage_start_at = competing.usage_start_at
            and decided.newness + 1 = competing.newness
    left join sharing
        on
            competing.usage_group = sharing.usage_group
            and competing.account_key = sharing.account_key
            and competing.usage_start_at = sharing.usage_start_at
            and competing.load_id = sharing.load_id
),

-- The last step of each slice knows all loads that count there.
counting as (
    select distinct on (usage_group, account_key, usage_start_at)
        usage_group,
        account_key,
        usage_start_at,
        counting_load_ids
    from decided
    order by usage_group asc, account_key asc, usage_start_at asc, newness desc
),

explained as (
    select
        ranked.*,
        coalesce(cardinality(counting.counting_load_ids), 1) as counting_loads,
        ranked.is_current
        and ranked.export_precedence = ranked.highest_precedence
        and coalesce(ranked.load_id = any(counting.counting_load_ids), true) as counts,
        case
            when ranked.is_current
                then (
                    select max(ids.load_id)
                    from unnest(counting.counting_load_ids) as ids (load_id)
                    where coalesce(ids.load_id = any(decided.sharing_load_ids), true)
                )
            else ranked.replaced_by
        end as counting_load_id,
        case
            when not ranked.is_current then ranked.replaced_by
            when ranked.export_precedence = ranked.highest_precedence
                then (
                    select min(ids.load_id) from unnest(decided.sharing_load_ids) as ids (load_id)
                )
            else (
                select min(ids.load_id)
                from unnest(counting.counting_load_ids) as ids (load_id)
                where ids.load_id > ranked.load_id
            )
        end as next_load_id
    from ranked
    left join counting
        on
            ranked.usage_group = counting.usage_group
            and ranked.account_key = counting.account_key
            and ranked.usage_start_at = counting.usage_start_at
    left join decided
        on
            ranked.usage_group = decided.usage_group
            and ranked.account_key = decided.account_key
            and ranked.usage_start_at = decided.usage_start_at
            and ranked.load_id = decided.load_id
),

slice_status as (
    select
        load_id,
        source_name,
        export_name,
        usage_group,
        account_key,
        usage_start_at,
        case when counts then 'current' else 'superseded' end as status,
        case
            when not counts then 'superseded'
            when counting_loads > 1 then 'piece'
            when loads_ever_in_slice > 1 then 'restates'
            else 'only load'
        end as decision,
        case
            when counts then null
            when not is_current then 'newer file of the same name'
            when export_precedence < highest_precedence then 'better export of the same usage'
            else 'newer export'
        end as reason,
        case when not counts then counting_load_id end as superseded_by,
        case when not counts then next_load_id end as restated_by,
        records,
        rows_held,
        rows_repeated,
        0::bigint as rows_duplicate,
        0::bigint as rows_out_of_window,
        has_equal_keys,
        md5(
            row(
                load_id,
                account_key,
                extract(epoch from usage_start_at)::bigint,
                usage_version,
                service_names
            )::text
        )::uuid as slice_version
    from explained
),

-- A version names its load, account and hour, and what usage takes from the meters. Which of a
-- load's events count is part of it: another load can change that.
event_status as (
    select
        arrivals.load_id,
        arrivals.source_name,
        arrivals.export_name,
        arrivals.usage_group,
        arrivals.account_key,
        arrivals.usage_start_at,
        count(*) filter (where arrivals.is_in_window and duplicates.load_id is null) as records,
        count(*) as rows_held,
        count(*) filter (where duplicates.load_id is not null) as rows_duplicate,
        count(*) filter (where not arrivals.is_in_window) as rows_out_of_window,
        md5(
            row(
                arrivals.load_id,
                arrivals.account_key,
                extract(epoch from arrivals.usage_start_at)::bigint,
                arrivals.usage_version,
                string_agg(distinct arrivals.meter_key || ':' || meters.service_name, ','),
                string_agg(arrivals.row_number::text, ',' order by arrivals.row_number)
                filter (where not arrivals.is_in_window or duplicates.load_id is not null)
            )::text
        )::uuid as slice_version
    from arrivals
    left join duplicates
        on
            arrivals.load_id = duplicates.load_id
            and arrivals.row_number = duplicates.row_number
    left join meters on arrivals.source_name || ':' || arrivals.meter_key = meters.meter_id
    group by
        arrivals.load_id,
        arrivals.source_name,
        arrivals.export_name,
        arrivals.usage_group,
        arrivals.account_key,
        arrivals.usage_start_at,
        arrivals.usage_version
),

unioned as (
    select * from slice_status
    union all
    select
        load_id,
        source_name,
        export_name,
        usage_group,
        account_key,
        usage_start_at,
        case when records > 0 then 'current' else 'duplicate' end as status,
        'record by record' as decision,
        case when records = 0 then 'every event duplicate or out of window' end as reason,
        null::bigint as superseded_by,
        null::bigint as restated_by,
        records,
        rows_held,
        0::bigint as rows_repeated,
        rows_duplicate,
        rows_out_of_window,
        false as has_equal_keys,
        slice_version
    from event_status
)

select * from unioned
