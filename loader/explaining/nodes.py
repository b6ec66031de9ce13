"""An amount of a tree, and the proof that every amount is exactly the sum of those below it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from loader.errors import LoaderError
from loader.tracing.facts import Row

_NEVER_LEAVES = {"cell", "service", "pool", "direct", "unallocated"}


@dataclass(frozen=True)
class Node:
    """An amount, what it is, the facts it stands on, and the amounts it is the sum of.

    Kinds: cell, service, direct, unallocated, share, pool, others, team, apart, price,
    fixed_charge, resource, charge; of statements line, exact, rounding, after, before and stated;
    and more, the `count` of those that are not listed.
    """

    kind: str
    amount: Decimal
    facts: Row = field(default_factory=dict)
    children: Sequence["Node"] = ()


def added_up(nodes: Iterable[Node]) -> Decimal:
    """Return the sum of the nodes' amounts."""
    return sum((node.amount for node in nodes), Decimal(0))


def largest_first(nodes: Iterable[Node]) -> list[Node]:
    """Return the nodes by the size of their amounts."""
    return sorted(nodes, key=lambda node: (-abs(node.amount), str(node.facts)))


def prove(node: Node) -> None:
    """Raise `LoaderError` unless each node below is the sum of its children."""
    if node.children and added_up(node.children) != node.amount:
        message = f"the {node.kind} of {node.amount} is not the sum of its parts"
        reason = f"they add up to {added_up(node.children)}: parts of the marts were built alone"
        raise LoaderError(message, reason, "build everything, then ask again: make build")
    if not node.children and node.kind in _NEVER_LEAVES:
        message = f"the {node.kind} of {node.amount} is of nothing the marts still hold"
        raise LoaderError(message, "build everything, then ask again: make build")
    for child in node.children:
        prove(child)
