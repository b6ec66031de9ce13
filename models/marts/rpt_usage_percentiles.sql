-- One row per meter, account and month, for a level also per resource, such as a worker pool.
-- Nearest rank: the smallest value that at least p percent of the hours do not exceed. A place no
-- value takes is a zero's.
with

placed_hours as (
    select * from {{ ref('int_percentiles__placed_hours') }}
),

ranked as (
    select
        period_start::date as billing_period,
        source_name,
        account_key,
        meter_id,
        resource_key,
        unit,
        hours,
        hours - count(quantity) as hours_filled,
        coalesce(max(quantity) filter (where place = ceil(hours * 0.50)), 0)::numeric(48, 18)
            as p50,
        coalesce(max(quantity) filter (where place = ceil(hours * 0.90)), 0)::numeric(48, 18)
            as p90,
        coalesce(max(quantity) filter (where place = ceil(hours * 0.95)), 0)::numeric(48, 18)
            as p95,
        coalesce(max(quantity) filter (where place = ceil(hours * 0.99)), 0)::numeric(48, 18)
            as p99,
        coalesce(max(quantity) filter (where place = hours), 0)::numeric(48, 18) as maximum,
        (coalesce(sum(quantity), 0) / hours)::numeric(48, 18) as mean
    from placed_hours
    group by period_start, source_name, account_key, meter_id, resource_key, unit, hours
)

select * from ranked
