"""However cost is shared on in steps, what is borne in the end is what was charged.

Rules, bases and lines are drawn by hypothesis and go through int_allocation__lines as it is.
"""

import json
import random
from collections import defaultdict
from fractions import Fraction

import psycopg
from hypothesis import given, seed, strategies
from psycopg.rows import dict_row
from rendering import model, rows
from sizes import CASES, COUNTED, SEED, drawn
from splitting import UNIT, decimal

COSTS = ("list_cost", "contracted_cost", "effective_cost", "billed_cost")
LINE = ("usage_date", "source_name", "account_key", "meter_id", "is_idle")
MONTH = "2026-10-01"
TEAMS = ("a", "B", "ä", "platform")
LINES = model(
    "intermediate/allocation/int_allocation__lines",
    int_allocation__direct=rows(
        "direct",
        "usage_date date, billing_period date, source_name text, service_name text,"
        " account_key text, meter_id text, is_idle boolean, currency text, team text, rule_id text,"
        " list_cost numeric, contracted_cost numeric, effective_cost numeric, billed_cost numeric,"
        " charges bigint",
    ),
    int_allocation__weights=rows(
        "weights",
        "rule_id text, usage_date date, team text, method text, base_quantity numeric,"
        " base_total numeric, ratio numeric",
    ),
    shared_cost_rules=rows(
        "rules",
        "rule_id text, step int, from_team text, source_name text, meter_id text, is_idle boolean",
    ),
)
Row = dict[str, object]
Handed = dict[str, list[Row]]
_DAYS = strategies.sampled_from(("2026-10-01", "2026-10-15", "2026-10-16"))
_AMOUNTS = strategies.integers(-5, 5) | strategies.integers(-(10**20), 10**20)


@strategies.composite
def months(draw: strategies.DrawFn) -> Handed:
    """Draw lines of a month, rules that share some of them on, and what they are shared by."""
    rules: list[Row] = []
    weights: list[Row] = []
    for number in range(draw(strategies.integers(1, 6))):
        rule: Row = {
            "rule_id": f"r{number}",
            "step": draw(strategies.integers(1, 5)),
            "from_team": draw(strategies.sampled_from((*TEAMS, "unallocated", None))),
            "meter_id": draw(strategies.sampled_from(("m", None, None))),
            "is_idle": draw(strategies.sampled_from((True, False, None, None))),
        }
        rules.append(rule)
        for day in draw(strategies.sets(_DAYS)):
            bases = draw(strategies.lists(strategies.integers(0, 10**20), min_size=4, max_size=4))
            weights += [
                {
                    "rule_id": rule["rule_id"],
                    "usage_date": day,
                    "team": team,
                    "method": "driver",
                    "base_quantity": decimal(base, 18),
                    "base_total": decimal(sum(bases), 18),
                }
                for team, base in zip(TEAMS, bases, strict=True)
                if base
            ]
    direct = draw(strategies.lists(_lines(), min_size=1, max_size=8, unique_by=_identity))
    return {"direct": direct, "weights": weights, "rules": rules}


@strategies.composite
def _lines(draw: strategies.DrawFn) -> Row:
    team = draw(strategies.sampled_from((*TEAMS, "unallocated")))
    return {
        "usage_date": draw(_DAYS),
        "billing_period": MONTH,
        "source_name": "s",
        "account_key": "x",
        "meter_id": draw(strategies.sampled_from(("m", "n"))),
        "is_idle": draw(strategies.booleans()),
        "currency": "USD",
        "team": team,
        "rule_id": None if team == "unallocated" else "own",
        "charges": 1,
        **{cost: decimal(draw(_AMOUNTS), 12) for cost in COSTS},
    }


def _identity(line: Row) -> tuple[object, ...]:
    return (*(line[name] for name in LINE), line["team"])


def share(connection: psycopg.Connection, handed: Handed, order: random.Random) -> list[Row]:
    """Return all lines of the month, its rows handed over in that order."""
    shuffled = {
        name: order.sample(given_rows, len(given_rows)) for name, given_rows in handed.items()
    }
    parameters = {name: json.dumps(given_rows) for name, given_rows in shuffled.items()}
    with connection.cursor(row_factory=dict_row) as cursor:
        return sorted(cursor.execute(LINES, parameters, prepare=True), key=repr)


def totals(lines: list[Row], *by: str) -> dict[tuple[str, ...], list[Fraction]]:
    """Return the costs of the lines, added up by what they have in common."""
    added: dict[tuple[str, ...], list[Fraction]] = defaultdict(lambda: [Fraction()] * len(COSTS))
    for line in lines:
        key = tuple(str(line[name]) for name in by)
        added[key] = [
            total + Fraction(str(line[cost])) for total, cost in zip(added[key], COSTS, strict=True)
        ]
    return dict(added)


@seed(SEED)
@drawn(CASES // 3)
@given(handed=months(), order=strategies.randoms(use_true_random=False))
def test_what_is_borne_in_the_end_is_what_was_charged(
    connection: psycopg.Connection, handed: Handed, order: random.Random
) -> None:
    lines = share(connection, handed, order)
    ends = [line for line in lines if line["taken_by_rule_id"] is None]
    assert totals(ends, *LINE) == totals(handed["direct"], *LINE)
    pools = totals(
        [line | {"rule_id": line["taken_by_rule_id"], "from_team": line["team"]} for line in lines],
        *(*LINE, "rule_id", "from_team"),
    )
    shares = [line for line in lines if line["step"]]
    COUNTED.update({"months shared in steps": 1, "lines of them": len(lines)})
    steps = {str(rule["rule_id"]): rule["step"] for rule in handed["rules"]}
    for line in shares:
        pool = pools[tuple(str(line[name]) for name in (*LINE, "rule_id", "from_team"))]
        ratio = Fraction(str(line["base_quantity"])) / Fraction(str(line["base_total"]))
        for whole, cost in zip(pool, COSTS, strict=True):
            assert abs(Fraction(str(line[cost])) - whole * ratio) < UNIT
    for line in lines:
        assert (
            line["taken_by_rule_id"] is None or steps[str(line["taken_by_rule_id"])] > line["step"]
        )
    assert share(connection, handed, order) == lines
