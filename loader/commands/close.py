"""The command `close`: a month's statement is frozen, listed, or opened again."""

import os
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated

import typer

from loader import closing
from loader.closing import Closing
from loader.commands.context import project_of
from loader.commands.json_output import print_json
from loader.commands.tables import print_table
from loader.commands.trace_words import printable
from loader.connection import connect
from loader.errors import UsageError
from loader.months import month_of, next_month, word
from loader.personal_data import masked
from loader.project import require_own_schemas

_SHORT_HASH = 12


def close(  # noqa: PLR0913  # one parameter per option
    context: typer.Context,
    month: Annotated[
        str | None, typer.Argument(help="The month, such as 2026-10.", metavar="[YYYY-MM]")
    ] = None,
    *,
    force: Annotated[
        str | None,
        typer.Option(help="Close although usage is missing; the reason is kept.", metavar="REASON"),
    ] = None,
    reopen: Annotated[
        str | None,
        typer.Option(help="Undo the closing of the newest closed month.", metavar="YYYY-MM"),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why it is reopened; kept.")] = None,
    list_closings: Annotated[bool, typer.Option("--list", help="List closed months.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Close a month: its statement is frozen; what changes later is Correction in the next one.

    Frozen is what the last build has in marts.rpt_chargeback_monthly. Example: loader close 2026-10
    """
    if sum((month is not None, reopen is not None, list_closings)) != 1:
        message = "name a month to close, or --reopen YYYY-MM, or --list"
        raise UsageError(message, "see: loader close --help")
    _check_reason(force, "--force", "closed", "MONTH", is_asked=month is not None)
    _check_reason(reason, "--reason", "reopened", "--reopen MONTH", is_asked=reopen is not None)
    project = project_of(context)
    require_own_schemas("months are closed")
    with connect(project, autocommit=True) as connection:
        if list_closings:
            _list(closing.read_closings(connection), as_json=as_json)
        elif reopen is not None:
            undone = closing.reopen(connection, project, _month(reopen), reason)
            _tell(undone, f"reopened {word(undone.billing_period)}; build to see it", as_json)
        else:
            closed = closing.close(
                connection, project, _month(month or ""), as_of=_as_of(), forced_because=force
            )
            _tell(closed, _closed(closed), as_json)


def _check_reason(
    given: str | None, option: str, done: str, beside: str, *, is_asked: bool
) -> None:
    """Refuse a reason for what was not asked for, and one that says nothing."""
    if given is None:
        return
    message = f"{option} says why a month is {done}"
    if not is_asked:
        raise UsageError(message, f"leave it out, or ask for that: {beside} {option} REASON")
    if not given.strip():
        raise UsageError(message, "give it a text")


def _closed(closed: Closing) -> str:
    name = word(closed.billing_period)
    lines = f"{closed.lines} lines, {_totals(closed)}, sha256 {closed.sha256}"
    if not closed.is_new:
        return f"{name} is closed already, since {closed.closed_at:%Y-%m-%d %H:%M} UTC: {lines}"
    following = word(next_month(closed.billing_period))
    later = f"what changes from now on is Correction in {following}; build to see it"
    return f"closed {name}: {lines}\n{later}"


def _tell(done: Closing, text: str, as_json: bool) -> None:  # noqa: FBT001  # the command's own flag
    if as_json:
        print_json(done)
    else:
        typer.echo(text)


def _list(closings: Sequence[Closing], *, as_json: bool) -> None:
    if as_json:
        print_json({"closings": closings})
        return
    if not closings:
        typer.echo("no month was closed yet")
        return
    rows = [
        (
            word(each.billing_period),
            "closed" if each.reopened_at is None else f"reopened {each.reopened_at:%Y-%m-%d %H:%M}",
            f"{each.closed_at:%Y-%m-%d %H:%M}",
            str(each.lines),
            _totals(each),
            each.sha256[:_SHORT_HASH],
            _why(each),
        )
        for each in closings
    ]
    print_table(("month", "state", "closed (UTC)", "lines", "total", "sha256", "why"), rows)


def _why(closed: Closing) -> str:
    """Return the reasons that were given for closing it as it was, and for reopening it."""
    reasons = {"forced": closed.forced_because, "reopened": closed.reopened_because}
    told = [f"{what}: {reason}" for what, reason in reasons.items() if reason]
    return printable(masked("; ".join(told)))


def _totals(closed: Closing) -> str:
    return ", ".join(f"{amount} {currency}" for currency, amount in sorted(closed.totals.items()))


def _month(text: str) -> date:
    if (month := month_of(text)) is None:
        message = f"not a month: '{text}'"
        raise UsageError(message, "expected year and month, such as 2026-10")
    return month


def _as_of() -> datetime:
    """Return now, or the instant LOADER_AS_OF names, which builds look from as well."""
    text = os.environ.get("LOADER_AS_OF", "").strip()
    try:
        instant = datetime.fromisoformat(text) if text else datetime.now(UTC)
    except ValueError:
        message = "LOADER_AS_OF is not an instant"
        raise UsageError(message, "expected ISO 8601, such as 2026-11-03T06:00:00Z") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
