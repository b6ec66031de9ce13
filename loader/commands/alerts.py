"""The command `alerts`: thresholds of budgets and unusual costs, sent once each."""

import os
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from loader import connection
from loader.alerting import Alert, Delivery, Kind, Plan, plan_for, read_alerts, send_new
from loader.commands.context import project_of
from loader.commands.json_output import print_json
from loader.errors import UsageError
from loader.notifications import Target, open_channel, targets_of
from loader.project import Project, require_own_schemas

SETTING = "LOADER_ALERT_URLS"


def alerts(
    context: typer.Context,
    *,
    to: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL",
            help=f"Address of Apprise; may be given more than once. Else those in {SETTING}.",
        ),
    ] = None,
    only: Annotated[
        Kind | None, typer.Option(help="Only thresholds of budgets, or only cost anomalies.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be sent; send and record nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Send the thresholds of budgets that were reached, and unusual costs, once to each address.

    The first run for an address sends one of each for a team, where its newest budget stands and
    its newest anomaly; what was there before counts as known. Addresses hold secrets: the
    environment variable takes them, separated by blanks, where no process list shows them.

    Example: loader alerts --to json://127.0.0.1:8080/budgets --dry-run
    """
    project = project_of(context)
    require_own_schemas("loader alerts works")
    targets = targets_of(to or os.environ.get(SETTING, "").split())
    if not targets and not dry_run:
        message = "alerts: no address to send to"
        raise UsageError(message, f"name one with --to or in {SETTING}, or look with --dry-run")
    if dry_run:
        _look(project, targets, only, as_json=as_json)
    elif not _send(project, targets, only, as_json=as_json):
        raise typer.Exit(1)


def _look(project: Project, targets: Sequence[Target], only: Kind | None, *, as_json: bool) -> None:
    with connection.connect(project, autocommit=True) as database:
        found = read_alerts(database, only)
        todo = [(target, plan_for(database, found, target)) for target in targets or (None,)]
    _print_plans(todo, as_json=as_json)


def _send(project: Project, targets: Sequence[Target], only: Kind | None, *, as_json: bool) -> bool:
    """Send what is new; say whether every target took it."""
    channels = [(target, open_channel(target)) for target in targets]
    deliveries = []
    with connection.connect(project, autocommit=True) as database:
        for delivery in send_new(database, channels, only):
            deliveries.append(delivery)
            if not as_json:
                _print_delivery(delivery)
    if as_json:
        print_json({"dry_run": False, "targets": [_delivered(one) for one in deliveries]})
    return not any(delivery.waiting for delivery in deliveries)


def _print_plans(todo: list[tuple[Target | None, Plan]], *, as_json: bool) -> None:
    if as_json:
        documents = [
            _document(target, new=[_alert(alert) for alert in plan.new], known=len(plan.known))
            for target, plan in todo
        ]
        print_json({"dry_run": True, "targets": documents})
        return
    for target, plan in todo:
        name = "an address" if target is None else target.name
        for alert in plan.new:
            typer.echo(f"would send to {name}: {alert.title}")
            typer.echo("  " + alert.body.replace("\n", "\n  "))
        known = f"; {len(plan.known)} older would count as known" if plan.known else ""
        typer.echo(f"{name}: {len(plan.new)} new{known}")


def _print_delivery(delivery: Delivery) -> None:
    name = delivery.target.name
    for alert in delivery.sent:
        typer.echo(f"sent to {name}: {alert.title}")
    known = f"; {len(delivery.known)} older count as known" if delivery.known else ""
    typer.echo(f"{name}: {len(delivery.sent)} sent{known}")
    if delivery.waiting:
        typer.echo(f"error: {name} took no message; {len(delivery.waiting)} wait", err=True)
        typer.echo("  see that address and service are right, and run it again", err=True)


def _delivered(delivery: Delivery) -> dict[str, Any]:
    return _document(
        delivery.target,
        sent=[_alert(alert) for alert in delivery.sent],
        waiting=[_alert(alert) for alert in delivery.waiting],
        known=len(delivery.known),
    )


def _document(target: Target | None, **facts: object) -> dict[str, Any]:
    named = {"target": target.number, "service": target.service} if target else {}
    return {**named, **facts}


def _alert(alert: Alert) -> dict[str, Any]:
    return {"kind": alert.kind, **vars(alert), "title": alert.title}
