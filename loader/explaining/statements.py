"""A cell of a month's statement: its lines, what they are exactly, and how each got its cents.

A correction is what a closed month came to less what statements had said of it before.
"""

from dataclasses import replace
from typing import Any

from psycopg import Connection

from loader import relations
from loader.errors import NotFoundError, UsageError
from loader.explaining.cells import Cell, Cost
from loader.explaining.nodes import Node, added_up
from loader.tracing.facts import Row, read

MART = "rpt_chargeback_monthly"
_NEEDED = (f"marts.{MART}", "marts.rpt_costs_monthly", "loader.closed_months")
# How cents are handed out is said once more for people; amounts are the mart's own.
_LINES = """
    with floored as (
        select *, floor(effective_cost * 100) / 100 as whole
        from marts.rpt_chargeback_monthly
        where billing_period = %(month)s
        and (%(currency)s::text is null or currency = %(currency)s)
    ),

    ranked as (
        select
            *,
            row_number() over (
                partition by currency
                order by
                    effective_cost - whole desc, team collate "C", source_name collate "C",
                    corrects_period nulls first
            ) as place,
            count(*) over (partition by currency) as lines,
            sum(effective_cost) over (partition by currency) as total,
            round(sum(effective_cost) over (partition by currency), 2) as rounded,
            ((round(sum(effective_cost) over (partition by currency), 2)
                - sum(whole) over (partition by currency)) * 100)::bigint as cents_left
        from floored
    )

    select * from ranked
    where team = %(team)s and (%(source)s::text is null or source_name = %(source)s)
    order by currency, corrects_period nulls first, abs(amount) desc, source_name
"""
_CLOSED = """
    select closed_at from loader.closed_months
    where billing_period = %(month)s and reopened_at is null
"""
# What statements before this one said of the month that is corrected.
_STATED = """
    select billing_period, charge_class, effective_cost from marts.rpt_chargeback_monthly
    where coalesce(corrects_period, billing_period) = %(corrected)s
    and billing_period < %(month)s
    and team = %(team)s and source_name = %(source_name)s and currency = %(currency)s
    order by billing_period
"""
_TODAY = """
    select coalesce(sum(effective_cost), 0) as amount from marts.rpt_costs_monthly
    where billing_period = %(of)s and team = %(team)s and source_name = %(source_name)s
    and currency = %(currency)s
"""
_MONTHS = """
    select distinct to_char(billing_period, 'YYYY-MM') as month from marts.rpt_chargeback_monthly
    where team = %(team)s and (%(source)s::text is null or source_name = %(source)s) order by 1
"""


def explain_statement(connection: Connection[Any], asked: Cell) -> tuple[Cell, Node]:
    """Return what a team's statement of a month says, in cents, and the tree that adds up to it.

    Raises `NotFoundError` where there is no such line, `UsageError` for what no statement has.
    """
    if asked.day is not None or asked.service is not None or asked.cost is not Cost.EFFECTIVE:
        message = "a statement has months, sources and effective cost"
        raise UsageError(message, "leave out the day, --service and --cost, or --statement")
    missing = sorted(relations.missing(connection, *_NEEDED))
    if missing:
        message = f"the database has no {missing[0]}"
        raise NotFoundError(message, "not built yet: make build")
    lines = read(connection, _LINES, asked.parameters)
    if not lines:
        raise _not_found(connection, asked)
    if len(currencies := sorted({line["currency"] for line in lines})) > 1:
        message = f"{asked.team} has costs in {' and '.join(currencies)}, which do not add up"
        raise UsageError(message, f"name one with: --currency {currencies[0]}")
    closed = read(connection, _CLOSED, asked.parameters)
    closed_at = closed[0]["closed_at"] if closed and lines[0]["is_closed"] else None
    nodes = [_line(connection, line | {"closed_at": closed_at}) for line in lines]
    facts = {"team": asked.team, "period": asked.period, "mart": MART, "rows": len(lines)}
    amount = added_up(nodes)
    cell = replace(asked, mart=MART, rows=len(lines), amount=amount, currency=lines[0]["currency"])
    return cell, Node("cell", amount, facts, nodes)


def _line(connection: Connection[Any], line: Row) -> Node:
    exact = line["effective_cost"]
    names = ("team", "source_name", "billing_period", "corrects_period", "closed_at")
    facts = {name: line[name] for name in names if line[name] is not None}
    parts = _of_correction(connection, line) if line["corrects_period"] else ()
    children = [
        Node("exact", exact, facts, parts),
        Node("rounding", line["amount"] - exact, _rounding(line)),
    ]
    return Node("line", line["amount"], facts, children)


def _of_correction(connection: Connection[Any], line: Row) -> list[Node]:
    """Return what the closed month came to, and less it what was stated of it before.

    Of an open correction that is today's cost; one that was closed says what it was then.
    """
    asked = line | {"month": line["billing_period"], "corrected": line["corrects_period"]}
    stated = [
        Node("stated", -row["effective_cost"], {"billing_period": row["billing_period"]})
        for row in read(connection, _STATED, asked)
    ]
    before = added_up(stated)
    if line["is_closed"]:
        after = line["effective_cost"] - before
    else:
        of = {"of": line["corrects_period"]}
        after = read(connection, _TODAY, line | of)[0]["amount"]
    names = ("team", "source_name", "corrects_period", "closed_at")
    facts = {name: line[name] for name in names if line[name] is not None}
    return [Node("after", after, facts), Node("before", before, facts, stated)]


def _rounding(line: Row) -> Row:
    """Return how the line got its cents; only `cents_added` where it was by another rule."""
    cents = int((line["amount"] - line["whole"]) * 100)
    facts = {"cents_added": cents}
    if cents != int(line["place"] <= line["cents_left"]):
        return facts
    names = ("whole", "place", "lines", "cents_left", "total", "rounded")
    remainder = {"remainder": line["effective_cost"] - line["whole"]}
    return facts | {name: line[name] for name in names} | remainder


def _not_found(connection: Connection[Any], asked: Cell) -> NotFoundError:
    months = [row["month"] for row in read(connection, _MONTHS, asked.parameters)]
    of = f" of {asked.source}" if asked.source else ""
    message = f"{asked.team} has no line{of} in the statement of {asked.period}"
    hint = f"statements with one: {', '.join(months)}" if months else "no statement has one"
    return NotFoundError(message, hint)
