-- Guards that days which were kept are still what is charged, by day, source and account. Each cost
-- is weighted by a number made of its attribution key, so that a cost that now stands under another
-- key, and so perhaps belongs to another team, is seen where sums are equal.
with

charged as (
    select
        charge_date as usage_date,
        source_name,
        account_key,
        count(*) as charges,
        sum(effective_cost * uuid_hash(attribution_key)) as weighted_cost
    from {{ ref('fct_charges') }}
    where is_priced
    group by charge_date, source_name, account_key
),

owned as (
    select
        usage_date,
        source_name,
        account_key,
        sum(charges)::bigint as charges,
        sum(effective_cost * uuid_hash(attribution_key)) as weighted_cost
    from {{ ref('int_allocation__owned') }}
    group by usage_date, source_name, account_key
)

select
    coalesce(charged.usage_date, owned.usage_date) as usage_date,
    coalesce(charged.source_name, owned.source_name) as source_name,
    coalesce(charged.account_key, owned.account_key) as account_key,
    charged.charges,
    owned.charges as charges_owned
from charged
full join owned
    on
        charged.usage_date = owned.usage_date
        and charged.source_name = owned.source_name
        and charged.account_key = owned.account_key
where
    charged.charges is distinct from owned.charges
    or charged.weighted_cost is distinct from owned.weighted_cost
