-- One row per source, account and day with charges: a digest of what is to be charged that day, so
-- that what is made of a day's charges is made again only when they changed. Written the same in
-- every session: an instant as its seconds, dates as JSON has them.
with

due as (
    select * from {{ ref('int_charges__due') }}
),

fixed_charges as (
    select * from {{ ref('int_charges__fixed') }}
),

parts as (
    select
        split_part(meter_id, ':', 1) as source_name,
        account_key,
        usage_date as charge_date,
        charge_version::text as part
    from due
    union all
    select
        source_name,
        account_key,
        charge_date,
        md5(to_jsonb(fixed_charges)::text) as part
    from fixed_charges
),

days as (
    select
        source_name,
        account_key,
        charge_date,
        md5(string_agg(part, ',' order by part)) as charges_version
    from parts
    group by source_name, account_key, charge_date
)

select * from days
