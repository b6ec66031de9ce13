"""The report's questions to the marts and the ledger, each in an order that is always the same."""

from typing import LiteralString

RELATIONS = (
    "marts.rpt_costs_daily",
    "marts.fct_allocated_costs_daily",
    "marts.rpt_budget_status",
    "marts.fct_budget_alerts",
    "marts.rpt_cost_anomalies",
    "marts.rpt_cost_forecast",
    "marts.rpt_unallocated_costs",
    "marts.rpt_unpriced_usage",
    "marts.rpt_worker_utilisation_hourly",
    "marts.rpt_chargeback_monthly",
    "marts.rpt_restatements",
    "marts.rpt_source_lag",
    "marts.rpt_source_completeness",
    "marts.rpt_load_balance",
    "marts.dim_accounts",
    "marts.dim_teams",
    "loader.loads",
)

COSTS_DAILY: LiteralString = """
select usage_date, team, source_name, service_name, currency, effective_cost
from marts.rpt_costs_daily
order by usage_date, team, source_name, service_name, currency
"""

COSTS: LiteralString = """
select
    usage_date,
    team,
    source_name,
    service_name,
    currency,
    sum(effective_cost) as effective_cost,
    account_key,
    is_shared
from marts.fct_allocated_costs_daily
group by usage_date, team, source_name, service_name, currency, account_key, is_shared
order by usage_date, team, source_name, service_name, currency, account_key, is_shared
"""

ACCOUNTS: LiteralString = """
select source_name, account_key, account_name
from marts.dim_accounts
order by source_name, account_key
"""

TEAMS: LiteralString = "select team, team_name, parent_team from marts.dim_teams order by team"

BUDGETS: LiteralString = """
select
    team, period_start, period_end, amount, currency, thresholds, effective_cost, forecast_cost
from marts.rpt_budget_status
order by period_start, period_end, currency, team
"""

ALERTS: LiteralString = """
select team, period_start, currency, threshold, crossed_on
from marts.fct_budget_alerts
order by period_start, team, currency, threshold
"""

ANOMALIES: LiteralString = """
select
    usage_date,
    team,
    source_name,
    currency,
    effective_cost,
    expected_cost,
    lower_cost,
    upper_cost,
    reason
from marts.rpt_cost_anomalies
where is_anomaly
order by usage_date desc, team, source_name, currency
"""

FORECAST: LiteralString = """
select
    usage_date,
    team,
    source_name,
    currency,
    known_cost,
    forecast_cost,
    lower_cost,
    upper_cost
from marts.rpt_cost_forecast
order by usage_date, team, source_name, currency
"""

UNALLOCATED: LiteralString = """
select
    billing_period as month,
    source_name,
    account_key,
    service_name,
    resource_key,
    resource_name,
    currency,
    effective_cost,
    suggested_fix
from marts.rpt_unallocated_costs
order by month, effective_cost desc, source_name, account_key, service_name, resource_key, currency
"""

UNPRICED: LiteralString = """
select
    billing_period as month,
    source_name,
    meter_id,
    quantity,
    unit,
    charges,
    first_used_at,
    last_used_at,
    suggested_fix
from marts.rpt_unpriced_usage
order by month desc, source_name, meter_id, unit
"""

WORKERS: LiteralString = """
select
    usage_date,
    account_key,
    worker_pool,
    max(worker_count) as most_workers,
    sum(capacity_minutes) as capacity_minutes,
    sum(busy_minutes) as busy_minutes,
    sum(waiting_minutes) as waiting_minutes,
    currency,
    sum(effective_cost) as effective_cost,
    sum(idle_cost) as idle_cost
from marts.rpt_worker_utilisation_hourly
group by usage_date, account_key, worker_pool, currency
order by usage_date, account_key, worker_pool, currency
"""

STATEMENT: LiteralString = """
select
    billing_period as month,
    team,
    source_name,
    corrects_period,
    currency,
    amount,
    is_closed
from marts.rpt_chargeback_monthly
order by month desc, currency, team, source_name, corrects_period nulls first
"""

RESTATEMENTS: LiteralString = """
select
    source_name,
    account_key,
    meter_id,
    unit,
    reason,
    count(distinct load_id) as loads,
    max(load_id) as newest_load_id,
    count(distinct usage_start_at) as hours,
    min(usage_date) as first_day,
    max(usage_date) as last_day,
    sum(quantity_delta) as quantity_delta
from marts.rpt_restatements
where load_id > %s
group by source_name, account_key, meter_id, unit, reason
order by newest_load_id desc, source_name, account_key, meter_id, unit, reason
"""

FRESHNESS: LiteralString = """
with behind as (
    select
        source_name,
        export_name,
        account_key,
        count(*) filter (where status = 'late') as days_late,
        count(*) filter (where status = 'missing') as days_missing,
        min(usage_date) filter (where status in ('late', 'missing')) as first_behind
    from marts.rpt_source_completeness
    group by source_name, export_name, account_key
)

select
    source_name,
    export_name,
    account_key,
    lag.last_used_at,
    lag.last_loaded_at,
    lag.lag_hours_median,
    lag.lag_hours_max,
    lag.lag_hours_scheduled,
    coalesce(behind.days_late, 0) as days_late,
    coalesce(behind.days_missing, 0) as days_missing,
    behind.first_behind
from marts.rpt_source_lag as lag
full join behind using (source_name, export_name, account_key)
order by source_name, export_name, account_key
"""

LOADS: LiteralString = """
with loaded as (
    select
        export,
        count(*) filter (where status = 'loaded') as files,
        coalesce(sum(rows_loaded) filter (where status = 'loaded'), 0)::bigint as rows_loaded,
        coalesce(sum(rows_rejected) filter (where status = 'loaded'), 0)::bigint as rows_rejected,
        count(*) filter (where status in ('replaced', 'withdrawn')) as files_set_aside,
        count(*) filter (where status = 'failed') as files_refused,
        max(finished_at) filter (where status = 'loaded') as newest_at
    from loader.loads
    group by export
),

balanced as (
    select
        export_name,
        sum(rows_current)::bigint as rows_current,
        sum(rows_superseded)::bigint as rows_superseded,
        sum(rows_duplicate)::bigint as rows_duplicate,
        sum(rows_out_of_window)::bigint as rows_out_of_window,
        sum(abs(difference))::bigint as difference
    from marts.rpt_load_balance
    group by export_name
)

select
    loaded.export,
    loaded.files,
    loaded.rows_loaded,
    loaded.rows_rejected,
    loaded.files_set_aside,
    loaded.files_refused,
    loaded.newest_at,
    coalesce(balanced.rows_current, 0) as rows_current,
    coalesce(balanced.rows_superseded, 0) as rows_superseded,
    coalesce(balanced.rows_duplicate, 0) as rows_duplicate,
    coalesce(balanced.rows_out_of_window, 0) as rows_out_of_window,
    coalesce(balanced.difference, 0) as difference
from loaded
left join balanced on loaded.export = balanced.export_name
order by loaded.export
"""

NEWEST_LOAD: LiteralString = "select coalesce(max(load_id), 0) from loader.loads"
