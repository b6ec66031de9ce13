-- One row per source, account and day with charges: a digest of the charges and of everything that
-- says who owns them, so that days that did not change are not owned anew.
-- depends_on: {{ ref('int_allocation__owners') }}
with

days as (
    select * from {{ ref('int_charges__days') }}
),

versions as (
    select
        {{ content_version(
            ['int_allocation__owners'],
            ['fct_charges', 'int_allocation__days', 'int_allocation__owned'],
        ) | indent(8) }} as content_version
),

versioned as (
    select
        days.source_name,
        days.account_key,
        days.charge_date as usage_date,
        md5(row(days.charges_version, versions.content_version)::text)::uuid as day_version
    from days
    cross join versions
)

select * from versioned
