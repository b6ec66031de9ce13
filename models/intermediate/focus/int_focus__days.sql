-- One row per source, account and day with charges: a digest of the charges and of everything their
-- FOCUS rows are made by, so that days that did not change are not made again.
-- depends_on: {{ ref('int_focus__profiles') }}
with

days as (
    select * from {{ ref('int_charges__days') }}
),

versions as (
    select
        {{ content_version(
            ['int_focus__charges', 'int_focus__profiles', 'int_allocation__owners'],
            ['focus_cost_and_usage', 'int_focus__days'],
        ) | indent(8) }} as content_version
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
            days.charges_version,
            versions.content_version
        )::text)::uuid as "x_DayVersion"
    from days
    cross join versions
)

select * from versioned
