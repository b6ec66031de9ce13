"""Alerts: what is new to each target, sent, and recorded in `loader.alerts_sent`.

A message is recorded as soon as the service took it. Whatever ends a run between the two makes the
next run send that one message again: one that never comes costs more than one that comes twice.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import LiteralString
from uuid import UUID

from psycopg import Connection

from loader import anomaly_alerts, budget_alerts, locks, relations
from loader.anomaly_alerts import AnomalyAlert, read_anomalies
from loader.budget_alerts import BudgetAlert, read_budgets
from loader.errors import UsageError
from loader.notifications import Channel, Target

_LOCK = "loader: alerts"
_TABLES: LiteralString = """
create table if not exists loader.alert_targets (
    target text primary key,
    service text not null,
    first_run_at timestamptz not null default clock_timestamp()
);
create table if not exists loader.alerts_sent (
    alert_id uuid not null,
    target text not null references loader.alert_targets (target),
    outcome text not null check (outcome in ('sent', 'known')),
    recorded_at timestamptz not null default clock_timestamp(),
    primary key (alert_id, target)
);
alter table loader.alert_targets
    add column if not exists kinds text[] not null default '{budgets}';
comment on table loader.alert_targets is 'One row for each address alerts were sent to.';
comment on column loader.alert_targets.target is 'Digest of the address, which is kept nowhere.';
comment on column loader.alert_targets.service is 'Kind of service, such as slack or json.';
comment on column loader.alert_targets.first_run_at is 'When loader alerts was first run for it.';
comment on column loader.alert_targets.kinds is
    'What was sent to it before, budgets or anomalies; the first run for a kind sends little.';
comment on table loader.alerts_sent is 'One row for each alert and target that is done with.';
comment on column loader.alerts_sent.alert_id is
    'The alert, of marts.fct_budget_alerts or of a day of marts.rpt_cost_anomalies.';
comment on column loader.alerts_sent.target is 'Where to, see loader.alert_targets.';
comment on column loader.alerts_sent.outcome is
    'sent, or known: it was there before the first run for the target and not sent.';
comment on column loader.alerts_sent.recorded_at is 'When that was.'
"""


class Kind(StrEnum):
    """What alerts are of."""

    BUDGETS = "budgets"
    ANOMALIES = "anomalies"


Alert = BudgetAlert | AnomalyAlert


@dataclass(frozen=True)
class Plan:
    """What to send to a target, in order, and what to record as known without sending it."""

    new: tuple[Alert, ...]
    known: tuple[Alert, ...] = ()


@dataclass(frozen=True)
class Delivery:
    """What became of a target's alerts: those the service took, and those that wait."""

    target: Target
    sent: tuple[Alert, ...]
    waiting: tuple[Alert, ...]
    known: tuple[Alert, ...]


def read_alerts(connection: Connection, only: Kind | None = None) -> tuple[Alert, ...]:
    """Return the alerts of the last build by kind, the oldest first.

    Raises `UsageError` where none were built of what is asked for.
    """
    alerts: list[Alert] = []
    for kind in _kinds(connection, only):
        if kind is Kind.BUDGETS:
            _require(connection, *budget_alerts.MARTS)
            alerts += read_budgets(connection)
        else:
            _require(connection, anomaly_alerts.MART)
            alerts += read_anomalies(connection)
    return tuple(alerts)


def _kinds(connection: Connection, only: Kind | None) -> list[Kind]:
    """Return the kinds asked for, or all that were built: budgets, and anomalies if there are."""
    if only is not None:
        return [only]
    has_anomalies = relations.exists(connection, anomaly_alerts.MART)
    return list(Kind) if has_anomalies else [Kind.BUDGETS]


def _require(connection: Connection, *marts: str) -> None:
    for mart in relations.missing(connection, *marts):
        message = f"the database has no {mart}"
        raise UsageError(message, "run make build first")


def plan(alerts: Sequence[Alert], done: Collection[UUID], started: Collection[str]) -> Plan:
    """Return what is new to a target that is done with the alerts `done`.

    `started` are the kinds it was sent before. The first time, that is one alert for each team and
    currency: the highest threshold reached of the newest budget, the newest anomaly. All else was
    news before anybody asked for it, and is known.
    """
    left = [alert for alert in alerts if alert.alert_id not in done]
    newest = {
        (alert.kind, alert.team, alert.currency): alert.alert_id
        for alert in sorted(left, key=lambda alert: (alert.kind, alert.order))
    }
    ids = set(newest.values())
    new = {alert.alert_id for alert in left if alert.kind in started or alert.alert_id in ids}
    return Plan(
        tuple(alert for alert in left if alert.alert_id in new),
        tuple(alert for alert in left if alert.alert_id not in new),
    )


def plan_for(connection: Connection, alerts: Sequence[Alert], target: Target | None) -> Plan:
    """Return what is new to the target, or to one that was never sent to; changes nothing."""
    if target is None or not relations.exists(connection, "loader.alerts_sent"):
        return plan(alerts, (), ())
    # A table of an earlier version has no kinds: it knows of budgets alone.
    started = connection.execute(
        "select coalesce(to_jsonb(targets) -> 'kinds', '[\"budgets\"]')"
        " from loader.alert_targets as targets where target = %s",
        [target.key],
    ).fetchone()
    done = connection.execute(
        "select alert_id from loader.alerts_sent where target = %s", [target.key]
    )
    return plan(alerts, {row[0] for row in done}, started[0] if started else ())


def send_new(
    connection: Connection,
    channels: Iterable[tuple[Target, Channel]],
    only: Kind | None = None,
) -> Iterator[Delivery]:
    """Send each target what is new to it, and record it; yield what became of it.

    `connection` must be in autocommit. One run sends at a time; another waits, and finds nothing
    left to send. A target that refuses a message is not sent more: what is left waits for the next
    run. Raises `UsageError` when the marts are missing.
    """
    with locks.alone(connection, _LOCK):
        alerts = read_alerts(connection, only)
        kinds = _kinds(connection, only)
        connection.execute("create schema if not exists loader")
        connection.execute(_TABLES)
        for target, channel in channels:
            todo = plan_for(connection, alerts, target)
            _start(connection, target, todo, kinds)
            yield _deliver(connection, target, channel, todo)


def _start(connection: Connection, target: Target, todo: Plan, kinds: Collection[str]) -> None:
    """Record the target, the kinds it is sent from now on, and what is known to it."""
    with connection.transaction():
        connection.execute(
            "insert into loader.alert_targets as targets (target, service, kinds)"
            " values (%(target)s, %(service)s, %(kinds)s) on conflict (target) do update set"
            " kinds = array(select distinct unnest(targets.kinds || excluded.kinds) order by 1)",
            {"target": target.key, "service": target.service, "kinds": list(kinds)},
        )
        for alert in todo.known:
            _record(connection, alert, target, "known")


def _deliver(connection: Connection, target: Target, channel: Channel, todo: Plan) -> Delivery:
    sent = []
    for alert in todo.new:
        if not channel.send(alert.title, alert.body, is_failure=alert.is_failure):
            break
        _record(connection, alert, target, "sent")
        sent.append(alert)
    return Delivery(target, tuple(sent), todo.new[len(sent) :], todo.known)


def _record(connection: Connection, alert: Alert, target: Target, outcome: str) -> None:
    connection.execute(
        "insert into loader.alerts_sent (alert_id, target, outcome) values (%s, %s, %s)"
        " on conflict do nothing",
        [alert.alert_id, target.key, outcome],
    )
