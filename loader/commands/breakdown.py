"""The command `breakdown`: who used what between two instants."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from loader import connection
from loader.breakdown import (
    Amount,
    EventBreakdown,
    Group,
    QuantityBreakdown,
    Question,
    Row,
    read_breakdown,
)
from loader.commands.context import project_of
from loader.commands.json_output import print_json
from loader.commands.tables import print_table
from loader.decimals import plain_number
from loader.errors import UsageError
from loader.exports import read_exports
from loader.project import Project, require_own_schemas


def breakdown(  # noqa: PLR0913  # one for each option
    context: typer.Context,
    *,
    since: Annotated[str, typer.Option(help="First instant, such as 2026-10-01 or with a time.")],
    until: Annotated[str, typer.Option(help="First instant after the period. UTC without a zone.")],
    group_by: Annotated[
        list[Group], typer.Option(help="What to tell apart; may be given more than once.")
    ],
    account: Annotated[
        str | None,
        typer.Option("--account", "--tenant", help="Only this account, or tenant of InfraSage."),
    ] = None,
    source: Annotated[
        str, typer.Option(help="Whose usage; of others than InfraSage, quantities by meter.")
    ] = "infrasage",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document, as InfraSage's endpoint does.")
    ] = False,
) -> None:
    """Break usage between two instants down by tenant, service, event type or account.

    An hour belongs to where it starts. Services of InfraSage come from the breakdown replies that
    lie in the period; what they do not explain is unattributed.

    Example: loader breakdown --since 2026-10-01 --until 2026-11-01 --group-by event_type
    """
    project = project_of(context)
    require_own_schemas("loader breakdown works")
    question = Question(
        _source(project, source),
        *_period(since, until),
        tuple(dict.fromkeys(group_by)),
        account,
    )
    with connection.connect(project, autocommit=True) as database:
        answer = read_breakdown(database, question)
    if isinstance(answer, QuantityBreakdown):
        _print_quantities(question, answer, as_json=as_json)
    else:
        _print_events(question, answer, as_json=as_json)


def _source(project: Project, name: str) -> str:
    declared = sorted({export.name.split(".")[0] for export in read_exports(project)})
    if name not in declared:
        message = f"--source: {name}: no source of this name is declared"
        raise UsageError(message, f"declared sources: {', '.join(declared)}")
    return name


def _period(since: str, until: str) -> tuple[datetime, datetime]:
    period = (_instant("--since", since), _instant("--until", until))
    if period[0] >= period[1]:
        message = f"--since: {since} is not before --until {until}"
        raise UsageError(message, "the period is [since, until): it ends before --until")
    return period


def _instant(option: str, text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text.strip())
        # Without a zone it is UTC, whatever the machine's own zone.
        return instant.replace(tzinfo=instant.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{option}: is no instant: {text!r}"
        raise UsageError(message, "expected 2026-10-01 or 2026-10-01T00:00:00Z") from None


def _print_events(question: Question, answer: EventBreakdown, *, as_json: bool) -> None:
    if cut := answer.replies_cut:
        reach = "reply reaches" if cut == 1 else "replies reach"
        typer.echo(f"note: {cut:,} breakdown {reach} beyond the period; what it says", err=True)
        typer.echo("of services is not used, see marts.rpt_usage_breakdown_periods", err=True)
    if as_json:
        print_json(_event_document(question, answer))
    elif answer.total == Amount(None, None):
        typer.echo(_nothing(question))
    else:
        print_table((*question.groups, "events", "bytes"), _event_rows(question, answer))


def _event_rows(question: Question, answer: EventBreakdown) -> list[tuple[str, ...]]:
    blank = ("",) * (len(question.groups) - 1)
    rows = [_event_row(question, row) for row in answer.rows]
    rows += [
        _event_row(question, {Group.SERVICE: "unattributed"} | row)
        for row in answer.unattributed_rows
    ]
    if answer.unattributed and not answer.unattributed_rows:
        rows.append(("unattributed", *blank, *_shown(answer.unattributed)))
    rows.append(("total", *blank, *_shown(answer.total)))
    if answer.metered is not None and answer.metered != answer.total:
        rows.append(("metered", *blank, *_shown(answer.metered)))
    return rows


def _event_row(question: Question, row: Row) -> tuple[str, ...]:
    amount = Amount(row["events"], row["bytes"])
    return (*(str(row[group]) for group in question.groups), *_shown(amount))


def _shown(amount: Amount) -> tuple[str, str]:
    events, size = ("-" if n is None else f"{n:,}" for n in (amount.events, amount.bytes))
    return events, size


def _event_document(question: Question, answer: EventBreakdown) -> dict[str, Any]:
    total = Amount(0, 0) if answer.total == Amount(None, None) else answer.total
    document: dict[str, Any] = {
        "period": _period_document(question),
        "breakdown": answer.rows,
        "total_events": total.events,
        "total_bytes": total.bytes,
    }
    if answer.unattributed is not None:
        document["unattributed"] = answer.unattributed
    if answer.unattributed_rows:
        document["unattributed_breakdown"] = answer.unattributed_rows
    if answer.metered is not None:
        document |= {
            "metered_events": answer.metered.events,
            "metered_bytes": answer.metered.bytes,
        }
    return document


def _print_quantities(question: Question, answer: QuantityBreakdown, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "period": _period_document(question),
                "breakdown": [_exact(row) for row in answer.rows],
                "totals": [_exact(row) for row in answer.totals],
            }
        )
    elif not answer.rows:
        typer.echo(_nothing(question))
    else:
        blank = ("",) * (len(question.groups) - 1)
        rows = [(*_names(question, row), *_quantity(row)) for row in answer.rows]
        rows += [("total", *blank, *_quantity(row)) for row in answer.totals]
        print_table((*question.groups, "meter", "quantity", "unit"), rows)


def _names(question: Question, row: Row) -> Sequence[str]:
    """Return the groups of a row; a service is unknown for a meter that nobody declared."""
    return ["-" if row[group] is None else str(row[group]) for group in question.groups]


def _quantity(row: Row) -> tuple[str, str, str]:
    return row["meter_id"], plain_number(row["quantity"], ",f"), row["unit"]


def _exact(row: Row) -> Row:
    """Return the row with its quantity as text, so that no reader makes a float of it."""
    return row | {"quantity": plain_number(row["quantity"])}


def _period_document(question: Question) -> dict[str, str]:
    return {"start": _written(question.since), "end": _written(question.until)}


def _written(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def _nothing(question: Question) -> str:
    whose = f" by {question.account}" if question.account is not None else ""
    period = f"{_written(question.since)} and {_written(question.until)}"
    return f"no {question.source} usage{whose} between {period}"
