-- The same three steps as somebody writes them for one month: a typed fact, its charges, what a day
-- costs each team. Nothing is tested, indexed or kept for another file. Variable: seeds, a folder.
set work_mem = '64MB';
set jit = off;
set timezone = 'UTC';

create table prices (
    price_id text, meter_id text, cloud text, region text, currency text, list_unit_price numeric,
    contracted_unit_price numeric, pricing_unit text, pricing_block numeric, valid_from date,
    valid_to date, known_from date, reference text
);
create table accounts (
    source_name text, account_key text, account_name text, cloud text, region text,
    billing_account_key text, billing_account_name text
);
create table teams (team text, team_name text, parent_team text, cost_centre text);
\cd :seeds
\copy prices from 'prices.csv' csv header
\copy accounts from 'accounts.csv' csv header
\copy teams from 'teams.csv' csv header

create table typed_usage as
select
    workspace_id,
    date_trunc('hour', timestamp::timestamptz - interval '1 millisecond') as usage_start_at,
    cluster_id,
    cluster_name,
    cluster_node_type,
    cluster_owner_user_id,
    sku,
    dbus::numeric as dbus,
    machine_hours::numeric as machine_hours,
    coalesce(cluster_custom_tags::jsonb, '{}') || coalesce(tags::jsonb, '{}') as tags
from raw_databricks.billable_usage;
analyze typed_usage;

create table charges as
select
    typed_usage.*,
    typed_usage.usage_start_at::date as usage_date,
    prices.currency,
    round(prices.list_unit_price * dbus / prices.pricing_block, 12) as list_cost,
    round(
        coalesce(prices.contracted_unit_price, prices.list_unit_price) * dbus
        / prices.pricing_block, 12
    ) as effective_cost
from typed_usage
left join accounts
    on accounts.source_name = 'databricks' and accounts.account_key = typed_usage.workspace_id
left join prices
    on
        prices.meter_id = 'databricks:' || typed_usage.sku
        and (prices.cloud is null or prices.cloud = accounts.cloud)
        and (prices.region is null or prices.region = accounts.region)
        and typed_usage.usage_start_at::date >= prices.valid_from
        and (prices.valid_to is null or typed_usage.usage_start_at::date < prices.valid_to);
analyze charges;

create table team_days as
select
    charges.usage_date,
    coalesce(teams.team, 'unallocated') as team,
    charges.currency,
    sum(charges.list_cost) as list_cost,
    sum(charges.effective_cost) as effective_cost,
    count(*) as charges
from charges
left join teams on teams.team = lower(trim(charges.tags ->> 'team'))
group by charges.usage_date, coalesce(teams.team, 'unallocated'), charges.currency;
