-- One row per day, team, source, service, account, currency and the way the cost got to the team.
-- Cost no rule gives to a team stays, as the team 'unallocated'.
with

charges as (
    select * from {{ ref('fct_charges') }}
),

owners as (
    select * from {{ ref('int_allocation__owners') }}
),

teams as (
    select * from {{ ref('teams') }}
),

owned as (
    select
        charges.*,
        coalesce(owners.team, 'unallocated') as team,
        owners.rule_id as allocation_rule_id,
        case when owners.rule_id is null then 'unallocated' else 'direct' end as method
    from charges
    left join owners
        on
            charges.attribution_key = owners.attribution_key
            and charges.charge_date = owners.charge_date
    where charges.is_priced
),

daily as (
    select
        owned.charge_date as usage_date,
        owned.billing_period,
        owned.team,
        teams.cost_centre,
        owned.source_name,
        owned.service_name,
        owned.account_key,
        false as is_shared,
        owned.allocation_rule_id,
        owned.method,
        1::numeric(38, 18) as ratio,
        owned.currency,
        sum(owned.list_cost)::numeric(38, 12) as list_cost,
        sum(owned.contracted_cost)::numeric(38, 12) as contracted_cost,
        sum(owned.effective_cost)::numeric(38, 12) as effective_cost,
        sum(owned.billed_cost)::numeric(38, 12) as billed_cost,
        count(*) as charges
    from owned
    left join teams on owned.team = teams.team
    group by
        owned.charge_date,
        owned.billing_period,
        owned.team,
        teams.cost_centre,
        owned.source_name,
        owned.service_name,
        owned.account_key,
        owned.allocation_rule_id,
        owned.method,
        owned.currency
)

select * from daily
