"""Budget alerts: what is new to each target, sent, and recorded in `loader.alerts_sent`.

A message is recorded as soon as the service took it. Whatever ends a run between the two makes the
next run send that one message again: one that never comes costs more than one that comes twice.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from loader import locks, relations
from loader.budget_share import in_percent
from loader.errors import UsageError
from loader.notifications import Channel, Target

_LOCK = "loader: alerts"
_WHOLE = 100
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
comment on table loader.alert_targets is 'One row for each address alerts were sent to.';
comment on column loader.alert_targets.target is 'Digest of the address, which is kept nowhere.';
comment on column loader.alert_targets.service is 'Kind of service, such as slack or json.';
comment on column loader.alert_targets.first_run_at is 'When loader alerts was first run for it.';
comment on table loader.alerts_sent is 'One row for each alert and target that is done with.';
comment on column loader.alerts_sent.alert_id is 'The alert, see marts.fct_budget_alerts.';
comment on column loader.alerts_sent.target is 'Where to, see loader.alert_targets.';
comment on column loader.alerts_sent.outcome is
    'sent, or known: it was there before the first run for the target and not sent.';
comment on column loader.alerts_sent.recorded_at is 'When that was.'
"""
_ALERTS: LiteralString = """
select
    alerts.alert_id,
    alerts.team,
    coalesce(teams.team_name, alerts.team) as team_name,
    alerts.period_start,
    alerts.period_end,
    alerts.amount,
    alerts.currency,
    alerts.threshold,
    alerts.crossed_on,
    alerts.crossed_at,
    status.effective_cost,
    status.forecast_cost
from marts.fct_budget_alerts as alerts
inner join marts.rpt_budget_status as status
    on alerts.team = status.team
    and alerts.period_start = status.period_start
    and alerts.currency = status.currency
left join marts.dim_teams as teams on alerts.team = teams.team
order by alerts.crossed_at, alerts.team, alerts.currency, alerts.threshold
"""


@dataclass(frozen=True)
class Alert:
    """A threshold of a budget that was reached; costs are those of the last build."""

    alert_id: UUID
    team: str
    team_name: str
    period_start: date
    period_end: date
    amount: Decimal
    currency: str
    threshold: int
    crossed_on: date
    crossed_at: datetime
    effective_cost: Decimal
    forecast_cost: Decimal | None

    @property
    def title(self) -> str:
        """One line, such as `Growth: 80 % of the budget is spent`."""
        return f"{self.team_name}: {self.threshold} % of the budget is spent"

    @property
    def body(self) -> str:
        """What the budget is, what was spent and when, and what is expected."""
        last_day = self.period_end - timedelta(days=1)
        budget = f"{self._money(self.amount)} for the team and the teams below it"
        spent = f"{self._of_budget(self.effective_cost)}, {self.threshold} % on {self.crossed_on}"
        lines = [f"Budget from {self.period_start} to {last_day}: {budget}", f"Spent: {spent}"]
        if self.forecast_cost is not None and self.forecast_cost != self.effective_cost:
            lines.append(f"Expected by the end: {self._of_budget(self.forecast_cost)}")
        return "\n".join(lines)

    @property
    def is_failure(self) -> bool:
        """Whether the whole budget is spent."""
        return self.threshold >= _WHOLE

    def _money(self, amount: Decimal) -> str:
        # Half a cent of a budget of one says nothing in cents.
        shown = f"{amount:,.2f}" if self.amount >= 1 else _plain(amount)
        return f"{shown} {self.currency}"

    def _of_budget(self, cost: Decimal) -> str:
        return f"{self._money(cost)} ({in_percent(cost / self.amount)} %)"


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


def _plain(number: Decimal) -> str:
    digits = f"{number:,f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def read_alerts(connection: Connection) -> tuple[Alert, ...]:
    """Return every alert of the last build, the oldest first; `UsageError` when there is none."""
    if relations.missing(connection, "marts.fct_budget_alerts", "marts.rpt_budget_status"):
        message = "the database has no marts.fct_budget_alerts"
        raise UsageError(message, "run make build first")
    with connection.cursor(row_factory=class_row(Alert)) as cursor:
        return tuple(cursor.execute(_ALERTS).fetchall())


def plan(alerts: Sequence[Alert], done: Collection[UUID], *, is_first: bool) -> Plan:
    """Return what is new to a target that is done with the alerts `done`.

    The first time, that is one alert for each team and currency: the highest threshold reached of
    the newest budget. All else was news before anybody asked for it, and is known.
    """
    left = [alert for alert in alerts if alert.alert_id not in done]
    if not is_first:
        return Plan(tuple(left))
    newest = {
        (alert.team, alert.currency): alert.alert_id
        for alert in sorted(left, key=lambda alert: (alert.period_start, alert.threshold))
    }
    ids = set(newest.values())
    return Plan(
        tuple(alert for alert in left if alert.alert_id in ids),
        tuple(alert for alert in left if alert.alert_id not in ids),
    )


def plan_for(connection: Connection, alerts: Sequence[Alert], target: Target | None) -> Plan:
    """Return what is new to the target, or to one that was never sent to; changes nothing."""
    if target is None or not relations.exists(connection, "loader.alerts_sent"):
        return plan(alerts, frozenset(), is_first=True)
    started = connection.execute(
        "select from loader.alert_targets where target = %s", [target.key]
    ).fetchone()
    done = connection.execute(
        "select alert_id from loader.alerts_sent where target = %s", [target.key]
    )
    return plan(alerts, {row[0] for row in done}, is_first=started is None)


def send_new(
    connection: Connection, channels: Iterable[tuple[Target, Channel]]
) -> Iterator[Delivery]:
    """Send each target what is new to it, and record it; yield what became of it.

    `connection` must be in autocommit. One run sends at a time; another waits, and finds nothing
    left to send. A target that refuses a message is not sent more: what is left waits for the next
    run. Raises `UsageError` when the marts are missing.
    """
    with locks.alone(connection, _LOCK):
        alerts = read_alerts(connection)
        connection.execute("create schema if not exists loader")
        connection.execute(_TABLES)
        for target, channel in channels:
            yield _deliver(connection, target, channel, plan_for(connection, alerts, target))


def _deliver(connection: Connection, target: Target, channel: Channel, todo: Plan) -> Delivery:
    with connection.transaction():
        connection.execute(
            "insert into loader.alert_targets (target, service) values (%s, %s)"
            " on conflict do nothing",
            [target.key, target.service],
        )
        for alert in todo.known:
            _record(connection, alert, target, "known")
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
