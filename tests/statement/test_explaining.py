"""A statement is explained in cents: own lines, corrections, before and after, and rounding."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hand_made_marts import Marts

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def corrected(october: Marts, run: Run) -> Marts:
    """October closed, and with 0.3 more for search known since, which November corrects."""
    assert run("close", "2026-10")[0] == 0
    october.add_line("2026-11-01", "search", "0.303", "0.30", corrects="2026-10-01")
    october.add_line("2026-11-01", "risk", "4.008", "4.01")
    october.build()
    return october


def amounts(node: dict[str, Any], depth: int = 0) -> list[tuple[int, str, str]]:
    below = [line for child in node.get("children", ()) for line in amounts(child, depth + 1)]
    return [(depth, node["kind"], node["amount"]), *below]


def explained(run: Run, *arguments: str) -> dict[str, Any]:
    code, out, error = run("explain", *arguments, "--statement", "--json")
    assert code == 0, error
    document: dict[str, Any] = json.loads(out)
    return document


def test_a_correction_is_what_came_of_a_month_less_what_was_stated(
    corrected: Marts, run: Run
) -> None:
    assert corrected
    document = explained(run, "search", "2026-11")
    assert document["cell"]["mart"] == "rpt_chargeback_monthly"
    assert amounts(document["tree"]) == [
        (0, "cell", "0.3"),
        (1, "line", "0.3"),
        (2, "exact", "0.303"),
        (3, "after", "2.803"),
        (3, "before", "-2.5"),
        (4, "stated", "-2.5"),
        (2, "rounding", "-0.003"),
    ]


def test_a_correction_that_is_closed_says_what_was_known_then(corrected: Marts, run: Run) -> None:
    corrected.see("2026-11-30", "present")
    corrected.build()
    code, _, error = run("close", "2026-11")
    assert code == 0, error
    corrected.build()
    corrected.add_cost("2026-10-01", "search", "7")
    tree = explained(run, "search", "2026-11")["tree"]
    assert (3, "after", "2.803") in amounts(tree)
    code, out, _ = run("explain", "search", "2026-11", "--statement", "--depth", "4")
    assert code == 0
    assert "what 2026-10 came to when this was closed on" in out


def test_a_statement_is_told_in_words_with_its_cents(corrected: Marts, run: Run) -> None:
    assert corrected
    code, out, _ = run("explain", "search", "2026-11", "--statement", "--depth", "4")
    assert code == 0
    exact = "exactly: what 2026-10 came to, less what was stated of it before"
    today = "what 2026-10 comes to today: loader explain search 2026-10 --source tecton"
    rounding = (
        "to cents: no cent is added to 0.3, its remainder 0.003 is number 2 of 2 by size;"
        " 1 cent of the month's 4.311, rounded to 4.31, go to the largest"
    )
    assert out.splitlines() == [
        "0.30  search, 2026-11: statement in USD",
        "└─ 0.30  tecton, Correction of 2026-10",
        f"   ├─ 0.303  {exact}",
        f"   │  ├─ 2.803  {today}",
        "   │  └─ -2.5  less what was stated of it before",
        "   │     └─ -2.5  in the statement of 2026-10",
        f"   └─ -0.003  {rounding}",
        "",
        "the sum is marts.rpt_chargeback_monthly: 0.30 USD",
    ]


def test_a_correction_that_is_not_what_the_month_comes_to_is_refused(
    corrected: Marts, run: Run
) -> None:
    corrected.add_cost("2026-10-01", "search", "0.000000000001")
    code, _, error = run("explain", "search", "2026-11", "--statement")
    assert code == 1
    assert "is not the sum of its parts" in error


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["search", "2026-12"], 1, "statements with one: 2026-10, 2026-11"),
        (["search", "2026-11-02"], 2, "a statement has months, sources and effective cost"),
        (["search", "2026-11", "--cost=list"], 2, "leave out the day, --service and --cost"),
    ],
)
def test_what_no_statement_has_is_said(
    corrected: Marts, run: Run, arguments: list[str], code: int, said: str
) -> None:
    assert corrected
    ended, _, error = run("explain", *arguments, "--statement")
    assert (ended, said in error) == (code, True), error


def test_a_team_above_others_has_their_statements(
    corrected: Marts, run: Run, connect: Callable[[], psycopg.Connection]
) -> None:
    assert corrected
    connect().execute(
        "create schema reference; create table reference.teams as select * from"
        " (values ('all', null), ('some', 'all'), ('search', 'some'), ('risk', 'some'),"
        " ('none', 'all')) as teams (team, parent_team)"
    )
    tree = explained(run, "all", "2026-11")["tree"]
    assert [child["team"] for child in tree["children"]] == ["some"]
    (some,) = tree["children"]
    assert [(team["team"], team["amount"]) for team in some["children"]] == [
        ("risk", "4.01"),
        ("search", "0.3"),
    ]
    assert Decimal(tree["amount"]) == Decimal("4.31")
