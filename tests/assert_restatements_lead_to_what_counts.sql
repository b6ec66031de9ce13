-- Guards rpt_restatements: what an hour first held and every difference since is what counts now.
with

held as (
    select
        slices.load_id,
        slices.usage_group,
        slices.account_key,
        slices.usage_start_at,
        slices.source_name || ':' || slices.meter_key as meter_id,
        slices.quantity,
        slice_status.status,
        slice_status.restated_by
    from {{ ref('int_usage__slices') }} as slices
    inner join {{ ref('int_usage__slice_status') }} as slice_status
        on
            slices.load_id = slice_status.load_id
            and slices.export_name = slice_status.export_name
            and slices.account_key = slice_status.account_key
            and slices.usage_start_at = slice_status.usage_start_at
),

-- A load that was already superseded when it came never counted.
first_held as (
    select
        held.usage_group,
        held.account_key,
        held.usage_start_at,
        held.meter_id,
        sum(held.quantity) as quantity
    from held
    left join {{ ref('rpt_restatements') }} as restatements
        on
            held.load_id = restatements.load_id
            and held.usage_group = restatements.usage_group
            and held.account_key = restatements.account_key
            and held.usage_start_at = restatements.usage_start_at
            and held.meter_id = restatements.meter_id
    where
        restatements.load_id is null
        and (held.status = 'current' or held.restated_by is not null)
    group by held.usage_group, held.account_key, held.usage_start_at, held.meter_id
),

differences as (
    select
        usage_group,
        account_key,
        usage_start_at,
        meter_id,
        sum(quantity_delta) as quantity
    from {{ ref('rpt_restatements') }}
    group by usage_group, account_key, usage_start_at, meter_id
),

counting as (
    select
        usage_group,
        account_key,
        usage_start_at,
        meter_id,
        sum(quantity) as quantity
    from held
    where status = 'current'
    group by usage_group, account_key, usage_start_at, meter_id
)

select
    coalesce(counting.usage_group, differences.usage_group) as usage_group,
    coalesce(counting.account_key, differences.account_key) as account_key,
    coalesce(counting.usage_start_at, differences.usage_start_at) as usage_start_at,
    coalesce(counting.meter_id, differences.meter_id) as meter_id,
    counting.quantity as quantity_counting,
    first_held.quantity as quantity_first,
    differences.quantity as quantity_since
from counting
full join differences
    on
        counting.usage_group = differences.usage_group
        and counting.account_key = differences.account_key
        and counting.usage_start_at = differences.usage_start_at
        and counting.meter_id = differences.meter_id
full join first_held
    on
        coalesce(counting.usage_group, differences.usage_group) = first_held.usage_group
        and coalesce(counting.account_key, differences.account_key) = first_held.account_key
        and coalesce(counting.usage_start_at, differences.usage_start_at)
        = first_held.usage_start_at
        and coalesce(counting.meter_id, differences.meter_id) = first_held.meter_id
where
    coalesce(counting.quantity, 0)
    != coalesce(first_held.quantity, 0) + coalesce(differences.quantity, 0)
