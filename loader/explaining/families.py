"""A team above others: the sum of its own cost and of the teams below it, each explained."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from psycopg import Connection

from loader import relations
from loader.errors import NotFoundError, UsageError
from loader.explaining.cells import Cell
from loader.explaining.nodes import Node, added_up
from loader.tracing.facts import read

ExplainOne = Callable[[Cell], tuple[Cell, Node]]
Below = Mapping[str, Sequence[str]]
_PARENTS = """
    select team, parent_team from reference.teams where parent_team is not null order by team
"""


def read_below(connection: Connection[Any]) -> Below:
    """Return the teams right below each team that has any."""
    below: dict[str, list[str]] = defaultdict(list)
    if relations.exists(connection, "reference.teams"):
        for row in read(connection, _PARENTS, []):
            below[row["parent_team"]].append(row["team"])
    return below


def explain_family(asked: Cell, below: Below, explain_one: ExplainOne) -> tuple[Cell, Node]:
    """Return the cell of a team and all below it, and the tree of them; `explain_one` does each.

    A team without cost is left out. Raises what `explain_one` raises of the team itself where none
    has any.
    """
    found: list[Cell] = []
    parts: list[Node] = []
    missing: NotFoundError | None = None
    try:
        own, tree = explain_one(asked)
    except NotFoundError as error:
        missing = error
    else:
        found.append(own)
        parts.append(tree)
    for team in below.get(asked.team, ()):
        try:
            cell, tree = explain_family(replace(asked, team=team), below, explain_one)
        except NotFoundError:
            continue
        found.append(cell)
        parts.append(tree)
    if missing is not None and not parts:
        raise missing
    if missing is None and len(parts) == 1:
        return found[0], parts[0]
    return _above(asked, found, parts)


def _above(asked: Cell, found: Sequence[Cell], parts: Sequence[Node]) -> tuple[Cell, Node]:
    currencies = sorted({str(cell.currency) for cell in found})
    if len(currencies) > 1:
        message = f"{asked.team} has costs in {' and '.join(currencies)}, which do not add up"
        raise UsageError(message, f"name one with: --currency {currencies[0]}")
    amount, rows = added_up(parts), sum(cell.rows for cell in found)
    cell = replace(found[0], team=asked.team, rows=rows, amount=amount)
    facts = {**parts[0].facts, "team": asked.team, "rows": rows, "teams": len(found)}
    return cell, Node("cell", amount, facts, parts)
