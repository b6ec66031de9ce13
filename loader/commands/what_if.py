"""The command `what-if`: who would gain and who lose by other prices or rules."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from loader.commands.context import project_of
from loader.commands.json_output import print_json
from loader.commands.tables import print_table
from loader.decimals import plain_number
from loader.errors import UsageError
from loader.explaining import Cost
from loader.progress import node_progress
from loader.project import require_own_schemas
from loader.supposing import Supposition, TeamChange, UnpricedChange, suppose


def what_if(  # noqa: PLR0913  # one for each option
    context: typer.Context,
    *,
    seeds: Annotated[
        Path, typer.Option(help="Folder of the seeds to change; the others are those of seeds/.")
    ],
    month: Annotated[str | None, typer.Option(help="Only this month, such as 2026-10.")] = None,
    cost: Annotated[Cost, typer.Option(help="Which of the costs.")] = Cost.EFFECTIVE,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep what was built, and say in which schemas.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show who would gain and who lose with other prices, rules or any other seeds.

    Builds what the seeds change in scratch schemas beside the marts, compares the teams' costs, and
    drops it again. The seeds' own tests hold for them.

    Example: loader what-if --seeds cheaper/ --month 2026-10
    """
    project = project_of(context)
    require_own_schemas("loader what-if works")
    first = None if month is None else _first_day(month)
    with node_progress(quiet=as_json) as on_node:
        found = suppose(
            project, seeds, cost=f"{cost}_cost", month=first, keep=keep, on_node=on_node
        )
    if as_json:
        print_json(_document(found))
    else:
        _print(found)


def _first_day(month: str) -> date:
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError:
        message = f"--month: is no month: {month!r}"
        raise UsageError(message, "expected one such as 2026-10") from None


def _document(found: Supposition) -> dict[str, object]:
    comparison = found.comparison
    return {
        "changed_seeds": found.changed_seeds,
        "teams": [_change(team) for team in comparison.teams],
        "totals": [_change(total) for total in comparison.totals],
        "unpriced": comparison.unpriced,
        "kept": found.kept,
    }


def _change(change: TeamChange) -> dict[str, object]:
    team = {} if change.team is None else {"team": change.team}
    amounts = {"before": change.before, "after": change.after, "delta": change.delta}
    return {**team, "currency": change.currency, **amounts, "percent": change.percent}


def _print(found: Supposition) -> None:
    comparison = found.comparison
    if not found.changed_seeds:
        typer.echo("nothing differs: these seeds say what the project's say")
        return
    typer.echo(f"other seeds: {', '.join(found.changed_seeds)}\n")
    for total in comparison.totals:
        teams = [team for team in comparison.teams if team.currency == total.currency]
        rows = [_row(team.team or "", team) for team in teams]
        headings = (total.currency, "before", "after", "delta", "%")
        print_table(headings, _aligned(headings, [*rows, _row("total", total)]))
    changed = [usage for usage in comparison.unpriced if _differs(usage)]
    for usage in changed:
        typer.echo(f"\nwithout a price: {_unpriced(usage)}")
    if not changed:
        typer.echo("\nwhat has no price is the same")
    if found.kept is not None:
        typer.echo(f"\nkept: the schemas {found.kept}_…, such as {found.kept}_marts")


def _row(name: str, change: TeamChange) -> tuple[str, ...]:
    percent = "-" if change.percent is None else f"{change.percent:+,f}"
    sign = "+" if change.delta > 0 else ""
    return (
        name,
        _digits(change.before),
        _digits(change.after),
        sign + _digits(change.delta),
        percent,
    )


def _aligned(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the rows with their numbers moved to the right."""
    widths = [max(map(len, cells)) for cells in zip(headings, *rows, strict=True)]
    return [
        (row[0], *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)))
        for row in rows
    ]


def _differs(usage: UnpricedChange) -> bool:
    return (usage.quantity_before, usage.charges_before) != (
        usage.quantity_after,
        usage.charges_after,
    )


def _unpriced(usage: UnpricedChange) -> str:
    before = f"{plain_number(usage.quantity_before, ',f')} ({usage.charges_before:,} charges)"
    after = f"{plain_number(usage.quantity_after, ',f')} ({usage.charges_after:,} charges)"
    return f"{usage.meter_id}, {before} before, {after} after, in {usage.unit or 'no unit'}"


def _digits(amount: Decimal) -> str:
    """Return an amount with all its decimals, so that columns can be added up by eye."""
    return format(amount, ",f")
