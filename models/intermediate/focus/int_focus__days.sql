-- One row per source, account and day with charges: a digest of the charges and of everything their
-- FOCUS rows are made by, so that days that did not change are not made again.
-- depends_on: {{ ref('int_focus__profiles') }}
with

due as (
    select * from {{ ref('int_charges__due') }}
),

fixed_charges as (
    select * from {{ ref('int_charges__fixed') }}
),

versions as (
    select
        {{ content_version(
            ['int_focus__charges', 'int_focus__profiles', 'int_allocation__owners'],
            ['focus_cost_and_usage', 'int_focus__days'],
        ) | indent(8) }} as content_version
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
        md5(fixed_charges::text) as part
    from fixed_charges
),

days as (
    select
        source_name,
        account_key,
        charge_date,
        md5(string_agg(part, ',' order by part)) as parts_version
    from parts
    group by source_name, account_key, charge_date
),

versioned as (
    select
        days.source_name,
        days.account_key,
        days.charge_date,
        md5(row(
            days.source_name,
            days.account_key,
            days.charge_date,
            days.parts_version,
            versions.content_version
        )::text)::uuid as "x_DayVersion"
    from days
    cross join versions
)

select * from versioned
