-- One row per meter, account and month, for a level also per resource, such as a worker pool. The
-- zeros of hours left out are counted and not made: in the order of all hours they stand between
-- the quantities below zero and the others.
with

hourly as (
    select * from {{ ref('int_percentiles__hourly_quantities') }}
),

months as (
    select * from {{ ref('int_percentiles__months') }}
),

used as (
    select
        account_key,
        meter_id,
        resource_key,
        unit,
        billing_period,
        array_agg(quantity) as quantities,
        count(*) filter (where quantity < 0) as negatives,
        sum(quantity) as total
    from hourly
    group by account_key, meter_id, resource_key, unit, billing_period
),

-- Ordered month by month, once: one sort of all hours by all keys takes three times as long.
counted as materialized (
    select
        months.*,
        months.hours - coalesce(cardinality(used.quantities), 0) as hours_filled,
        array(
            select hours.quantity
            from unnest(used.quantities) as hours (quantity)
            order by hours.quantity
        ) as quantities,
        coalesce(used.negatives, 0) as negatives,
        coalesce(used.total, 0) / months.hours as mean
    from months
    left join used
        on
            months.account_key = used.account_key
            and months.meter_id = used.meter_id
            and months.unit = used.unit
            and months.billing_period = used.billing_period
            and months.resource_key is not distinct from used.resource_key
),

-- Nearest rank: the smallest quantity that at least p percent of the hours do not exceed.
ranked as (
    select
        counted.*,
        percents.percent,
        (counted.hours * percents.percent + 99) / 100 as place
    from counted
    cross join unnest(array[50, 90, 95, 99, 100]) as percents (percent)
),

read_off as (
    select
        *,
        case
            when place <= negatives then quantities[place]
            when place <= negatives + hours_filled then 0
            else quantities[place - hours_filled]
        end as quantity
    from ranked
),

described as (
    select
        billing_period,
        source_name,
        account_key,
        meter_id,
        resource_key,
        unit,
        hours::bigint as hours,
        hours_filled::bigint as hours_filled,
        max(quantity) filter (where percent = 50)::numeric(48, 18) as p50,
        max(quantity) filter (where percent = 90)::numeric(48, 18) as p90,
        max(quantity) filter (where percent = 95)::numeric(48, 18) as p95,
        max(quantity) filter (where percent = 99)::numeric(48, 18) as p99,
        max(quantity) filter (where percent = 100)::numeric(48, 18) as maximum,
        mean::numeric(48, 18) as mean
    from read_off
    group by
        billing_period,
        source_name,
        account_key,
        meter_id,
        resource_key,
        unit,
        hours,
        hours_filled,
        mean
)

select * from described
