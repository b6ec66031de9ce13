"""What `explain` found, in words: a tree with one amount and what it is on each line."""

from collections.abc import Callable, Iterator
from decimal import Decimal

import typer

from loader.commands.json_output import plain_number
from loader.commands.trace_words import printable
from loader.explaining import Cell, Cost, Node
from loader.problems import counted
from loader.tracing.facts import Row

_ID_DIGITS = 8


def print_tree(cell: Cell, tree: Node, depth: int | None) -> None:
    """Print the cell and, `depth` levels deep, what it is the sum of."""
    for line in _lines(cell, tree, "", "", depth):
        typer.echo(line)
    typer.echo(f"\nthe sum is marts.{cell.mart}: {_number(cell.amount)} {cell.currency}")


def _lines(cell: Cell, node: Node, first: str, rest: str, depth: int | None) -> Iterator[str]:
    """Yield the lines of a node; `first` stands before its own, `rest` before all below it."""
    text = printable(_WORDS[node.kind](cell, node.facts))
    yield f"{first}{_number(node.amount)}  {text}".rstrip()
    if depth == 0:
        return
    below = None if depth is None else depth - 1
    for number, child in enumerate(node.children, 1):
        is_last = number == len(node.children)
        branch, onward = ("└─ ", "   ") if is_last else ("├─ ", "│  ")
        yield from _lines(cell, child, rest + branch, rest + onward, below)


def _cell(cell: Cell, facts: Row) -> str:
    return f"{facts['team']}, {facts['period']}: {cell.column} in {cell.currency}"


def _service(_: Cell, facts: Row) -> str:
    return f"{facts['source_name']}, {facts['service_name'] or 'service unknown'}"


def _direct(_: Cell, facts: Row) -> str:
    names = ("rule_source_name", "attribute", "operator", "value")
    says = " ".join(str(facts[name]) for name in names if name in facts)
    return f"of {facts['team']} by rule {facts['rule_id']}: {says}{_validity(facts)}"


def _unallocated(_cell: Cell, _facts: Row) -> str:
    return "no attribution rule matches: marts.rpt_unallocated_costs has the rows that would"


def _share(_: Cell, facts: Row) -> str:
    measure = {
        "driver": f"by {facts.get('driver_meter_id')} of the month up to each day",
        "direct_cost": "by what teams cost before sharing, in the month up to each day",
        "fixed": "by the weights of its targets",
        "even": "evenly",
    }[facts["method"]]
    unit = f" {facts['driver_unit']}" if facts["method"] == "driver" else ""
    base = f"{_number(facts['base_quantity'])} of {_number(facts['base_total'])}{unit}"
    fallback = f", since {facts['fallback_for']} had no base" if "fallback_for" in facts else ""
    rule = f"step {facts['step']}, rule {facts['rule_id']}"
    ratio = f"{base}, ratio {plain_number(facts['ratio'])} on {facts['measured_on']}"
    return f"share of {facts['team']} by {rule}: {measure}{fallback}, {ratio}{_validity(facts)}"


def _pool(_: Cell, facts: Row) -> str:
    return f"the pool, what {facts['from_team']} passes on"


def _others(_: Cell, facts: Row) -> str:
    teams = "another team bears" if facts["count"] == 1 else f"{facts['count']} other teams bear"
    return f"less what {teams}"


def _team(_: Cell, facts: Row) -> str:
    base = _number(facts["base_quantity"])
    return f"{facts['team']}: {base}, ratio {plain_number(facts['ratio'])}"


def _apart(_: Cell, facts: Row) -> str:
    return "less the part that stood idle" if facts["is_idle"] else "less the part that runs used"


def _price(cell: Cell, facts: Row) -> str:
    name = _price_name(cell)
    per = f"{facts['pricing_currency']} per {facts['pricing_unit']}"
    kind = "list price" if cell.cost is Cost.LIST or not facts["is_contracted"] else "contracted"
    other = "" if kind == "list price" else f", list {_number(facts['list_unit_price'])}"
    said = f"{facts['price_id']}{_validity(facts)}: {facts.get('reference', 'no reference')}"
    price = f"{_number(facts[name])} {per}{_rate(facts)} ({kind}{other}; {said})"
    return f"{_place(facts)}, {counted(facts['charges'], 'charge')} at {price}"


def _fixed_charge(cell: Cell, facts: Row) -> str:
    amount = f"{_number(facts['charged_amount'])} {cell.currency}{_converted(facts)}"
    period = f"from {facts['period_start']} until {facts['period_end']}"
    said = f"{facts.get('description', facts['charge_category'])}; seeds/fixed_charges.csv"
    return (
        f"{_place(facts)}, {counted(facts['charges'], 'charge')} of {facts['fixed_charge_id']}:"
        f" {amount} {period}{_basis(facts)} ({said}; {facts.get('fixed_reference', '')})"
    )


def _converted(facts: Row) -> str:
    """Say what a fixed charge was converted from, where it was."""
    rate = facts.get("exchange_rate", Decimal(1))
    return "" if rate == 1 else f" (1 {facts['fixed_currency']} is {_number(rate)})"


def _basis(facts: Row) -> str:
    if facts["basis"] == "percent":
        return f", {_number(facts['percent'])} % of usage"
    if facts["basis"] in {"quantity", "peak"}:
        price = f"{_number(facts['unit_price'])} {facts['fixed_currency']}"
        return f", {_number(facts['charged_quantity'])} x {price} ({facts['basis']})"
    return ""


def _resource(_: Cell, facts: Row) -> str:
    key, name = facts.get("resource_key"), facts.get("resource_name")
    named = name or key or "no resource"
    charges = counted(facts["charges"], "charge")
    return f"{named}{f' ({key})' if key and key != named else ''}, {charges}"


def _charge(cell: Cell, facts: Row) -> str:
    charge = f"charge {str(facts['charge_id'])[:_ID_DIGITS]}"
    if "quantity" not in facts:
        return f"{facts['charge_date']}, {facts['charge_category']}  {charge}"
    block = "" if facts["pricing_block"] == 1 else f" / {_number(facts['pricing_block'])}"
    product = f"{_number(facts['quantity'])} {facts['unit']} x {_number(facts[_price_name(cell)])}"
    product += f"{block}{_rate(facts)}"
    line = f"{facts.get('file_name', 'load unknown')}:{facts.get('line', '?')}"
    return f"{facts['charge_start_at']:%Y-%m-%d %H:%M}  {product}  {line}  {charge}"


def _more(_: Cell, facts: Row) -> str:
    return f"and {facts['count']:,} more"


def _price_name(cell: Cell) -> str:
    return "list_unit_price" if cell.cost is Cost.LIST else "contracted_unit_price"


def _place(facts: Row) -> str:
    return f"{facts['meter_id']} in {facts.get('account_name', facts['account_key'])}"


def _rate(facts: Row) -> str:
    rate = facts.get("exchange_rate", Decimal(1))
    return "" if rate == 1 else f" x {_number(rate)}"


def _validity(facts: Row) -> str:
    names = {"valid_from": "from", "valid_to": "until", "known_from": "known from"}
    return "".join(f", {word} {facts[name]}" for name, word in names.items() if name in facts)


def _number(number: Decimal) -> str:
    """Return all digits, with commas between thousands and without trailing zeros."""
    return plain_number(number, ",f")


_WORDS: dict[str, Callable[[Cell, Row], str]] = {
    "cell": _cell,
    "service": _service,
    "direct": _direct,
    "unallocated": _unallocated,
    "share": _share,
    "pool": _pool,
    "others": _others,
    "team": _team,
    "apart": _apart,
    "price": _price,
    "fixed_charge": _fixed_charge,
    "resource": _resource,
    "charge": _charge,
    "more": _more,
}
