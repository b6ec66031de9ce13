-- One row per vendor, month and thing that may cost money nobody can say the amount of: hours that
-- are not in the exports, hours that may still come, and usage without a price.
with

completeness as (
    select * from {{ ref('rpt_source_completeness') }}
),

unpriced as (
    select * from {{ ref('rpt_unpriced_usage') }}
),

hours as (
    select
        source_name,
        date_trunc('month', usage_date::timestamp)::date as billing_period,
        export_name,
        sum(hours_missing) as hours_missing,
        sum(hours_late + hours_not_due) as hours_awaited
    from completeness
    group by source_name, date_trunc('month', usage_date::timestamp)::date, export_name
),

unknown_costs as (
    select
        source_name,
        billing_period,
        'not_in_export' as reason,
        export_name as detail,
        hours_missing::numeric(48, 18) as quantity,
        'Hours' as unit
    from hours
    where hours_missing > 0
    union all
    select
        source_name,
        billing_period,
        'late' as reason,
        export_name as detail,
        hours_awaited::numeric(48, 18) as quantity,
        'Hours' as unit
    from hours
    where hours_awaited > 0
    union all
    select
        source_name,
        billing_period,
        'unpriced' as reason,
        meter_id as detail,
        quantity,
        unit
    from unpriced
)

select * from unknown_costs
