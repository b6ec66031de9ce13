"""What `explain` found, in words: a tree with one amount and what it is on each line."""

from collections.abc import Callable, Iterator
from decimal import Decimal

import typer

from loader.commands.statement_words import WORDS as OF_STATEMENTS
from loader.commands.statement_words import digits
from loader.commands.trace_words import printable
from loader.decimals import plain_number
from loader.explaining import STATEMENTS, Cell, Cost, Node
from loader.problems import counted
from loader.tracing.facts import Row

_ID_DIGITS = 8
_PERCENTAGES = {
    "percent": "usage",
    "percent_of_account": "what is billed to the account but for taxes",
    "percent_of_source": "what is billed by the source but for taxes",
}


def print_tree(cell: Cell, tree: Node, depth: int | None) -> None:
    """Print the cell and, `depth` levels deep, what it is the sum of."""
    for line in _lines(cell, tree, "", "", depth):
        typer.echo(line)
    if depth is not None and (levels := levels_below(tree)) > depth:
        typer.echo(f"\n{depth} of {levels} levels: --depth {levels} shows all of them")
    typer.echo(f"\nthe sum is marts.{cell.mart}: {_amount(cell, tree)} {cell.currency}")


def levels_below(node: Node) -> int:
    """Return how many levels there are below a node."""
    return max((1 + levels_below(child) for child in node.children), default=0)


def _lines(cell: Cell, node: Node, first: str, rest: str, depth: int | None) -> Iterator[str]:
    """Yield the lines of a node; `first` stands before its own, `rest` before all below it."""
    text = printable(_WORDS[node.kind](cell, node.facts))
    yield f"{first}{_amount(cell, node)}  {text}".rstrip()
    if depth == 0:
        return
    below = None if depth is None else depth - 1
    for number, child in enumerate(node.children, 1):
        is_last = number == len(node.children)
        branch, onward = ("└─ ", "   ") if is_last else ("├─ ", "│  ")
        yield from _lines(cell, child, rest + branch, rest + onward, below)


def _amount(cell: Cell, node: Node) -> str:
    """Return the amount with all its digits, what is in cents with two."""
    in_cents = cell.mart == STATEMENTS and node.kind in {"cell", "line"}
    return f"{node.amount:,.2f}" if in_cents else digits(node.amount)


def _cell(cell: Cell, facts: Row) -> str:
    below = " and the teams below it" if "teams" in facts else ""
    column = cell.column if facts["mart"] != STATEMENTS else "statement"
    return f"{facts['team']}{below}, {facts['period']}: {column} in {cell.currency}"


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
    base = f"{digits(facts['base_quantity'])} of {digits(facts['base_total'])}{unit}"
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
    base = digits(facts["base_quantity"])
    return f"{facts['team']}: {base}, ratio {plain_number(facts['ratio'])}"


def _apart(_: Cell, facts: Row) -> str:
    return "less the part that stood idle" if facts["is_idle"] else "less the part that runs used"


def _price(cell: Cell, facts: Row) -> str:
    name = _price_name(cell)
    per = f"{facts['pricing_currency']} per {facts['pricing_unit']}"
    kind = "list price" if cell.cost is Cost.LIST or not facts["is_contracted"] else "contracted"
    other = "" if kind == "list price" else f", list {digits(facts['list_unit_price'])}"
    said = f"{facts['price_id']}{_validity(facts)}: {facts.get('reference', 'no reference')}"
    price = f"{digits(facts[name])} {per}{_rate(facts)} ({kind}{other}; {said})"
    return f"{_place(facts)}, {counted(facts['charges'], 'charge')} at {price}"


def _fixed_charge(cell: Cell, facts: Row) -> str:
    amount = f"{digits(facts['charged_amount'])} {cell.currency}{_converted(facts)}"
    period = f"from {facts['period_start']} until {facts['period_end']}"
    said = f"{facts.get('description', facts['charge_category'])}; seeds/fixed_charges.csv"
    return (
        f"{_place(facts)}, {counted(facts['charges'], 'charge')} of {facts['fixed_charge_id']}:"
        f" {amount} {period}{_basis(facts)} ({said}; {facts.get('fixed_reference', '')})"
    )


def _converted(facts: Row) -> str:
    """Say what a fixed charge was converted from, where it was."""
    rate = facts.get("exchange_rate", Decimal(1))
    return "" if rate == 1 else f" (1 {facts['fixed_currency']} is {digits(rate)})"


def _basis(facts: Row) -> str:
    if facts["basis"] in _PERCENTAGES:
        return f", {digits(facts['percent'])} % of {_PERCENTAGES[facts['basis']]}"
    if facts["basis"] in {"quantity", "peak"}:
        price = f"{digits(facts['unit_price'])} {facts['fixed_currency']}"
        return f", {digits(facts['charged_quantity'])} x {price} ({facts['basis']})"
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
    block = "" if facts["pricing_block"] == 1 else f" / {digits(facts['pricing_block'])}"
    product = f"{digits(facts['quantity'])} {facts['unit']} x {digits(facts[_price_name(cell)])}"
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
    return "" if rate == 1 else f" x {digits(rate)}"


def _validity(facts: Row) -> str:
    names = {"valid_from": "from", "valid_to": "until", "known_from": "known from"}
    return "".join(f", {word} {facts[name]}" for name, word in names.items() if name in facts)


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
    **OF_STATEMENTS,
}
