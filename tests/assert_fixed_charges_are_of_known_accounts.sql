-- Guards the seed against accounts and usage: an account that neither knows is likely misspelt. Its
-- charges stand by themselves, and a percentage of its usage is 0. It may be one without usage yet.
{{ config(severity='warn') }}

with

accounts as (
    select * from {{ ref('dim_accounts') }}
),

known as (
    select
        source_name,
        string_agg(account_key, ', ' order by account_key) as account_keys
    from accounts
    group by source_name
)

select
    fixed_charges.fixed_charge_id,
    'fixed_charges.csv: ' || fixed_charges.fixed_charge_id || ' is of the account '
    || fixed_charges.account_key || ', which has no usage and no row in accounts.csv' as problem,
    'write one of ' || fixed_charges.source_name || ', ' || coalesce(known.account_keys, 'none')
    || ', or name it in accounts.csv; until then its cost stands by itself, under that key'
        as advice
from {{ ref('fixed_charges') }} as fixed_charges
left join accounts
    on
        fixed_charges.source_name = accounts.source_name
        and fixed_charges.account_key = accounts.account_key
left join known on fixed_charges.source_name = known.source_name
where accounts.account_key is null
