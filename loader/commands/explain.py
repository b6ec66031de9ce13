"""The command `explain`: what a team's cost of a month or a day is made of."""

import re
from datetime import date
from typing import Annotated, Any

import typer

from loader import connection
from loader.building import current_seeds
from loader.commands.context import project_of
from loader.commands.explain_words import print_tree
from loader.commands.json_output import print_json
from loader.errors import UsageError
from loader.explaining import Cell, Cost, Node
from loader.explaining import explain as explain_cell
from loader.project import require_own_schemas

_TOP = 3
_LEVELS = 3
_PERIOD = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?", re.ASCII)


def explain(  # noqa: PLR0913  # one for each option
    context: typer.Context,
    team: Annotated[str, typer.Argument(help="Who bears the cost; unallocated if nobody does.")],
    period: Annotated[
        str, typer.Argument(help="A month, 2026-10, or a day of one, 2026-10-15.", metavar="PERIOD")
    ],
    *,
    source: Annotated[str | None, typer.Option(help="Only the cost of this source.")] = None,
    service: Annotated[str | None, typer.Option(help="Only the cost of this service.")] = None,
    currency: Annotated[str | None, typer.Option(help="Only the cost in this currency.")] = None,
    cost: Annotated[Cost, typer.Option(help="Which of the costs.")] = Cost.EFFECTIVE,
    top: Annotated[
        int, typer.Option(min=1, help="How many resources and charges to list at each price.")
    ] = _TOP,
    everything: Annotated[bool, typer.Option("--all", help="List all of them.")] = False,
    depth: Annotated[
        int | None,
        typer.Option(
            min=0, help=f"How many levels below the cell to show; {_LEVELS}, or all with --all."
        ),
    ] = None,
    statement: Annotated[
        bool, typer.Option("--statement", help="The month's statement: corrections, and cents.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show what a cost is made of: shares, pools, rules, prices, charges and lines of files.

    A cell of rpt_costs_monthly, rpt_costs_daily for a day, or rpt_chargeback_monthly with
    --statement; of a team above others with the teams below it. Every amount is exactly the sum of
    those below it. A share is its pool less what other teams bear of it.

    Example: loader explain growth 2026-10 --source tecton
    """
    month, day = _period(period)
    asked = Cell(team, month, day, source, service, cost, currency)
    project = project_of(context)
    require_own_schemas("loader explain works")
    with connection.connect(project, autocommit=True) as database:
        cell, tree = explain_cell(database, asked, None if everything else top, statement=statement)
        current = current_seeds(database, project) is not None
    if as_json:
        document = {"cell": cell, "is_current": current, "tree": tree_document(tree, depth)}
        print_json(document)
    else:
        print_tree(cell, tree, depth if everything or depth is not None else _LEVELS)
    if not current:
        typer.echo("warning: the marts are older than the loads, seeds or models:", err=True)
        typer.echo("this is what the last build said; run make build, then explain again", err=True)


def _period(text: str) -> tuple[date, date | None]:
    """Return the first day of the month, and the day if it is one."""
    match = _PERIOD.fullmatch(text)
    try:
        year, month, day = match.groups() if match else ("", "", "")
        first = date(int(year), int(month), 1)
        return first, first.replace(day=int(day)) if day else None
    except ValueError:
        message = f"{text}: is no month or day"
        raise UsageError(message, "expected one such as 2026-10, or 2026-10-15") from None


def tree_document(node: Node, depth: int | None) -> dict[str, Any]:
    """Return a node as JSON has it; `depth` is how many levels below it."""
    document: dict[str, Any] = {"kind": node.kind, "amount": node.amount, **node.facts}
    if node.children and depth != 0:
        below = None if depth is None else depth - 1
        document["children"] = [tree_document(child, below) for child in node.children]
    return document
