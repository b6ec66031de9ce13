-- One row per load, hour, account and meter whose usage the load changed or completed: what counted
-- before it, what counted after it, and the difference.
with

slices as (
    select * from {{ ref('int_usage__slices') }}
),

slice_status as (
    select * from {{ ref('int_usage__slice_status') }}
    where decision != 'record by record'
),

held as (
    select
        slice_status.load_id,
        slice_status.source_name,
        slice_status.export_name,
        slice_status.usage_group,
        slice_status.account_key,
        slice_status.usage_start_at,
        slice_status.decision,
        slice_status.reason,
        slice_status.restated_by,
        slices.source_name || ':' || slices.meter_key as meter_id,
        slices.unit,
        slices.records,
        slices.quantity
    from slice_status
    inner join slices
        on
            slice_status.load_id = slices.load_id
            and slice_status.export_name = slices.export_name
            and slice_status.account_key = slices.account_key
            and slice_status.usage_start_at = slices.usage_start_at
),

restated as (
    select
        restated_by as load_id,
        source_name,
        usage_group,
        account_key,
        usage_start_at,
        meter_id,
        min(unit) as unit,
        string_agg(distinct reason, ', ') as reason,
        array_agg(distinct load_id order by load_id) as restated_load_ids,
        sum(records) as records,
        sum(quantity) as quantity
    from held
    where restated_by is not null
    group by restated_by, source_name, usage_group, account_key, usage_start_at, meter_id
),

-- Hours in which a load restates at least one meter: its other meters belong to it too.
restated_slices as (
    select
        load_id,
        usage_group,
        account_key,
        usage_start_at,
        string_agg(distinct reason, ', ') as reason
    from restated
    group by load_id, usage_group, account_key, usage_start_at
),

pieces as (
    select
        load_id,
        usage_group,
        account_key,
        usage_start_at,
        meter_id,
        sum(quantity) over earlier_pieces as quantity,
        sum(records) over earlier_pieces as records
    from held
    where decision = 'piece'
    window earlier_pieces as (
        partition by usage_group, account_key, usage_start_at, meter_id
        order by load_id
        rows between unbounded preceding and 1 preceding
    )
),

first_pieces as (
    select
        usage_group,
        account_key,
        usage_start_at,
        min(load_id) as load_id
    from held
    where decision = 'piece'
    group by usage_group, account_key, usage_start_at
),

arrived as (
    select
        held.load_id,
        held.source_name,
        held.usage_group,
        held.account_key,
        held.usage_start_at,
        held.meter_id,
        held.unit,
        held.records,
        held.quantity,
        restated_slices.reason,
        coalesce(pieces.records, 0) as records_beside,
        coalesce(pieces.quantity, 0) as quantity_beside
    from held
    left join restated_slices
        on
            held.load_id = restated_slices.load_id
            and held.usage_group = restated_slices.usage_group
            and held.account_key = restated_slices.account_key
            and held.usage_start_at = restated_slices.usage_start_at
    left join first_pieces
        on
            held.usage_group = first_pieces.usage_group
            and held.account_key = first_pieces.account_key
            and held.usage_start_at = first_pieces.usage_start_at
    left join pieces
        on
            held.load_id = pieces.load_id
            and held.usage_group = pieces.usage_group
            and held.account_key = pieces.account_key
            and held.usage_start_at = pieces.usage_start_at
            and held.meter_id = pieces.meter_id
    where
        restated_slices.load_id is not null
        or (held.decision = 'piece' and held.load_id > first_pieces.load_id)
),

compared as (
    select
        coalesce(arrived.load_id, restated.load_id) as load_id,
        coalesce(arrived.source_name, restated.source_name) as source_name,
        coalesce(arrived.usage_group, restated.usage_group) as usage_group,
        coalesce(arrived.account_key, restated.account_key) as account_key,
        coalesce(arrived.usage_start_at, restated.usage_start_at) as usage_start_at,
        coalesce(arrived.meter_id, restated.meter_id) as meter_id,
        coalesce(arrived.unit, restated.unit) as unit,
        coalesce(restated.reason, arrived.reason, 'piece of the same export') as reason,
        restated.restated_load_ids,
        coalesce(restated.records, 0) + coalesce(arrived.records_beside, 0) as records_before,
        coalesce(arrived.records, 0) + coalesce(arrived.records_beside, 0) as records_after,
        coalesce(restated.quantity, 0) + coalesce(arrived.quantity_beside, 0) as quantity_before,
        coalesce(arrived.quantity, 0) + coalesce(arrived.quantity_beside, 0) as quantity_after
    from arrived
    full join restated
        on
            arrived.load_id = restated.load_id
            and arrived.usage_group = restated.usage_group
            and arrived.account_key = restated.account_key
            and arrived.usage_start_at = restated.usage_start_at
            and arrived.meter_id = restated.meter_id
),

described as (
    select
        load_id,
        source_name,
        usage_group,
        account_key,
        usage_start_at,
        (usage_start_at at time zone 'UTC')::date as usage_date,
        meter_id,
        unit,
        reason,
        restated_load_ids,
        records_before::bigint as records_before,
        records_after::bigint as records_after,
        (records_after - records_before)::bigint as records_delta,
        quantity_before::numeric(48, 18) as quantity_before,
        quantity_after::numeric(48, 18) as quantity_after,
        (quantity_after - quantity_before)::numeric(48, 18) as quantity_delta
    from compared
)

select * from described
