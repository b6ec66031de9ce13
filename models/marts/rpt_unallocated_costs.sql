-- Cost that no attribution rule gives to a team: by resource, with the seed row that would fix it.
with

charges as (
    select * from {{ ref('fct_charges') }}
),

owners as (
    select * from {{ ref('int_allocation__owners') }}
),

unallocated as (
    select
        charges.billing_period,
        charges.source_name,
        charges.account_key,
        charges.service_name,
        charges.resource_key,
        max(charges.resource_name) as resource_name,
        charges.currency,
        sum(charges.effective_cost)::numeric(38, 12) as effective_cost,
        min(charges.charge_start_at) as first_used_at,
        max(charges.charge_end_at) as last_used_at
    from charges
    where
        charges.is_priced
        and not exists (
            select 1
            from owners
            where
                owners.attribution_key = charges.attribution_key
                and owners.charge_date = charges.charge_date
        )
    group by
        charges.billing_period,
        charges.source_name,
        charges.account_key,
        charges.service_name,
        charges.resource_key,
        charges.currency
),

explained as (
    select
        *,
        'seeds/attribution_rules.csv: '
        || {{ csv_row([
            "'own-' || coalesce(resource_key, account_key)", "'50'", 'source_name',
            "case when resource_key is null then 'account_key' else 'resource_key' end",
            "'equals'", 'coalesce(resource_key, account_key)', "'<team>'",
            "to_char(first_used_at at time zone 'UTC', 'YYYY-MM-DD')", "''", "'<why>'",
        ]) }} as suggested_fix
    from unallocated
)

select * from explained
