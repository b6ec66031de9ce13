"""The tree of amounts below a cell: every node is exactly the sum of its children."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

from psycopg import Connection

from loader.explaining.cells import Cell, find_cell
from loader.explaining.charges import read_charges, read_resources
from loader.explaining.families import explain_family, read_below
from loader.explaining.lines import read_apart, read_others, read_ways
from loader.explaining.nodes import Node, added_up, largest_first, prove
from loader.explaining.rules import Rules, read_rules
from loader.explaining.statements import explain_statement
from loader.one_moment import one_moment
from loader.tracing.facts import Row, shown

# Compiling would take longer than asking, and a pool of unknown size joined row by row takes a
# minute.
_SETTINGS = """
    set local jit = off;
    set local enable_nestloop = off;
    set local work_mem = '64MB'
"""
_READ = (
    "intermediate.int_allocation__direct",
    "intermediate.int_allocation__lines",
    "intermediate.int_allocation__owned",
    "intermediate.int_allocation__owners",
    "intermediate.int_charges__fixed_amounts",
    "intermediate.int_charges__prices_in_force",
    "marts.dim_prices",
    "marts.fct_charges",
    "marts.fct_usage_hourly",
    "marts.rpt_chargeback_monthly",
    "marts.rpt_costs_daily",
    "marts.rpt_costs_monthly",
    "reference.accounts",
    "reference.attribution_rules",
    "reference.fixed_charges",
    "reference.meters",
    "reference.shared_cost_rules",
    "reference.teams",
)
# Digits of the longest sum of numeric(38, 12) there can be.
_DIGITS = 60
# Of each rule, the resources and their charges by price or fixed charge.
_Key = tuple[Any, ...]
_Resources = dict[_Key, dict[_Key, list[tuple[Row, list[Row]]]]]


@dataclass(frozen=True)
class _Found:
    """Everything read about a cell, in the groups the tree is built from."""

    ways: dict[_Key, list[Row]]
    others: dict[_Key, list[Row]]
    apart: dict[_Key, list[Row]]
    resources: _Resources
    rules: Rules


def explain(
    connection: Connection[Any], asked: Cell, top: int | None, *, statement: bool = False
) -> tuple[Cell, Node]:
    """Return the cell as the mart has it, and the tree that adds up to it.

    A team above others is the sum of its own cost and theirs. Of the resources at a price and the
    charges of a resource the `top` are listed, or all of them; the other levels are listed in full.
    With `statement` the cell is one of the month's statement, in cents. Raises what `find_cell`
    raises, and `LoaderError` where the marts do not add up: parts of them were built alone.
    """

    def explain_one(one: Cell) -> tuple[Cell, Node]:
        if statement:
            return explain_statement(connection, one)
        return _explain_one(connection, one, top)

    # What a cell cannot be explained without, `find_cell` says.
    with one_moment(connection, _READ, are_needed=False), localcontext() as context:
        connection.execute(_SETTINGS)
        context.prec = _DIGITS
        cell, tree = explain_family(asked, read_below(connection), explain_one)
        prove(tree)
    return cell, tree


def _explain_one(connection: Connection[Any], asked: Cell, top: int | None) -> tuple[Cell, Node]:
    cell = find_cell(connection, asked)
    found = _read(connection, cell, top)
    services = [_service(found, source, name) for path, source, name in found.ways if not path]
    facts = {"team": cell.team, "period": cell.period, "mart": cell.mart, "rows": cell.rows}
    return cell, Node("cell", cell.amount, facts, largest_first(services))


def _read(connection: Connection[Any], cell: Cell, top: int | None) -> _Found:
    ways = _grouped(read_ways(connection, cell), "path", "source_name", "service_name")
    rows = read_resources(connection, cell, top)
    charges: dict[int, list[Row]] = defaultdict(list)
    for charge in read_charges(connection, cell, rows, top):
        charges[charge["ordinal"]].append(charge)
    resources: _Resources = defaultdict(lambda: defaultdict(list))
    for ordinal, row in enumerate(rows, 1):
        key = (row["path"], row["source_name"], row["service_name"], row["rule_id"])
        price = (row["number"], row["place"], row["fixed_charge_id"], row["exchange_rate"])
        resources[key][price].append((row, charges[ordinal]))
    return _Found(
        ways,
        _grouped(read_others(connection, cell), "pool_path", "source_name", "service_name"),
        _grouped(read_apart(connection, cell), "path", "source_name", "service_name", "rule_id"),
        resources,
        read_rules(connection),
    )


def _grouped(rows: Iterable[Row], *names: str) -> dict[_Key, list[Row]]:
    groups: dict[_Key, list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[name] for name in names)].append(row)
    return dict(groups)


def _service(found: _Found, source: str, service: str | None) -> Node:
    ways = _ways(found, "", source, service)
    facts = {"source_name": source, "service_name": service}
    return Node("service", added_up(ways), facts, ways)


def _ways(found: _Found, path: str, source: str, service: str | None) -> list[Node]:
    """Return how cost got to its holder: directly, by rule, and as shares, by rule and pool."""
    nodes = [
        _share(found, way) if way["step"] else _direct(found, way)
        for way in found.ways[path, source, service]
    ]
    return largest_first(nodes)


def _share(found: _Found, way: Row) -> Node:
    """Return a share: its pool, less what others bear of it."""
    place = (way["pool_path"], way["source_name"], way["service_name"])
    pool = _ways(found, *place)
    others = [
        Node("team", -row["amount"], _only(row, "team", "base_quantity", "ratio"))
        for row in found.others.get(place, [])
    ]
    facts = found.rules.of_share(way)
    children = [Node("pool", added_up(pool), {"from_team": way["from_team"]}, pool)]
    if others:
        children.append(
            Node("others", added_up(others), {"count": len(others)}, largest_first(others))
        )
    return Node("share", way["amount"], facts, children)


def _direct(found: _Found, way: Row) -> Node:
    """Return what a rule gave directly, or none did, by price."""
    key = (way["path"], way["source_name"], way["service_name"], way["rule_id"])
    prices = [_price(rows) for rows in found.resources.get(key, {}).values()]
    apart = [
        Node("apart", -row["amount"], {"is_idle": row["is_idle"]})
        for row in found.apart.get(key, [])
    ]
    kind = "unallocated" if way["rule_id"] is None else "direct"
    facts = found.rules.of_direct(way)
    return Node(kind, way["amount"], facts, [*largest_first(prices), *apart])


def _price(rows: Sequence[tuple[Row, list[Row]]]) -> Node:
    """Return what was charged at one price, or of one fixed charge, by resource."""
    first, charges = rows[0]
    is_fixed = first["fixed_charge_id"] is not None
    kind, facts = ("fixed_charge", _fixed(first)) if is_fixed else ("price", _list_price(first))
    facts["charges"] = first["charges_of_price"]
    has_resources = first["resources_of_price"] > 1 or first["resource_key"] is not None
    if not has_resources:
        return Node(kind, first["amount_of_price"], facts, _charges(first, charges))
    resources = [_resource(row, its_charges) for row, its_charges in rows]
    missing = first["resources_of_price"] - len(rows)
    more = _more(missing, first["amount_of_price"] - added_up(resources))
    return Node(kind, first["amount_of_price"], facts, [*largest_first(resources), *more])


def _list_price(row: Row) -> Row:
    names = (
        *("meter_id", "account_key", "account_name", "price_id", "pricing_currency"),
        *("list_unit_price", "contracted_unit_price", "is_contracted", "pricing_unit"),
        *("pricing_block", "valid_from", "valid_to", "known_from", "reference", "exchange_rate"),
    )
    return _only(row, *names)


def _fixed(row: Row) -> Row:
    names = (
        *("meter_id", "account_key", "account_name", "fixed_charge_id", "description", "basis"),
        *("charge_category", "charged_quantity", "unit_price", "percent", "charged_amount"),
        *("period_start", "period_end", "fixed_currency", "fixed_reference", "exchange_rate"),
    )
    return _only(row, *names)


def _resource(row: Row, charges: Sequence[Row]) -> Node:
    facts = _only(row, "resource_key", "resource_name", "charges")
    return Node("resource", row["amount"], facts, _charges(row, charges))


def _charges(resource: Row, rows: Sequence[Row]) -> list[Node]:
    """Return charges with the line each came from; a fixed charge has none."""
    listed = [Node("charge", row["amount"], _charge(resource, row)) for row in rows]
    if not rows:
        return []
    missing = rows[0]["charges_of_resource"] - len(rows)
    return [*listed, *_more(missing, rows[0]["amount_of_resource"] - added_up(listed))]


def _charge(resource: Row, row: Row) -> Row:
    if row["usage_id"] is None:
        return _only(row, "charge_id", "charge_date", "charge_category")
    facts = _only(
        row, "charge_id", "charge_start_at", "quantity", "unit", "file_name", "line", "load_id"
    )
    price = _only(resource, "contracted_unit_price", "list_unit_price", "pricing_unit")
    return facts | price | _only(resource, "pricing_block", "pricing_currency", "exchange_rate")


def _more(count: int, amount: Decimal) -> list[Node]:
    return [Node("more", amount, {"count": count})] if count else []


def _only(row: Row, *names: str) -> Row:
    """Return the facts that there are of these, as they may be shown."""
    return {name: shown(row[name]) for name in names if row.get(name) is not None}
