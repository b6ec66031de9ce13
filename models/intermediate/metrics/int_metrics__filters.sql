-- One row per property filter, its lists as arrays.
with

filters as (
    select * from {{ ref('billable_metric_filters') }}
),

listed as (
    select
        metric_id,
        property_name,
        must_exist,
        {{ list_cell('in_values') }} as in_values,
        {{ list_cell('not_in_values') }} as not_in_values
    from filters
)

select * from listed
