"""Every cell of the cost marts is explained down to lines of files, and adds up exactly."""

import csv
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sample_totals
from databases import connect_to
from typer.testing import CliRunner

from loader.cli import app
from loader.commands import explain as explain_command
from loader.errors import LoaderError
from loader.explaining import Cell, Cost, Node, explain
from loader.explaining.tree import prove

ROOT = Path(__file__).parents[2]
LEAVES = {"charge", "team", "apart", "more"}
CELLS = """
    select team, billing_period, null::date as day, source_name, service_name, {cost}_cost
    from marts.rpt_costs_monthly
    union all
    select team, billing_period, null, null, null, sum({cost}_cost)
    from marts.rpt_costs_monthly group by team, billing_period
    union all
    select team, '2026-10-01', usage_date, null, null, sum({cost}_cost)
    from marts.rpt_costs_daily where usage_date in ('2026-10-01', '2026-10-15')
    group by team, usage_date
"""
PRICED = "select charge_id from marts.fct_charges where is_priced"


@pytest.fixture
def marts(built: object) -> Iterator[psycopg.Connection]:
    assert built is not None
    with psycopg.connect("", autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def in_steps(built_environment: dict[str, str]) -> Iterator[psycopg.Connection]:
    """Connection to a copy of the sample month whose pools hold shares of earlier pools."""
    name, source = f"loader_test_{secrets.token_hex(6)}", built_environment["PGDATABASE"]
    with connect_to(built_environment | {"PGDATABASE": "postgres"}) as connection:
        connection.execute(f"create database {name} template {source}")
    environment = built_environment | {"PGDATABASE": name}
    folder = Path(environment["DBT_TARGET_PATH"]).parent / name
    share_in_steps(folder)
    subprocess.run(
        [
            *(sys.executable, "-m", "loader", "build", "--json", "--seeds", str(folder)),
            *("--select", "shared_cost_rules", "shared_cost_targets", "int_allocation__weights+"),
            *("--exclude", "resource_type:unit_test"),
        ],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        check=True,
    )
    with connect_to(environment) as connection:
        yield connection
    with connect_to(built_environment | {"PGDATABASE": "postgres"}) as connection:
        connection.execute(f"drop database {name} with (force)")


def share_in_steps(folder: Path) -> None:
    """Write the seeds: nobody's cost goes to a pool, and a share of that on again for ten days."""
    folder.mkdir()
    for path in sample_totals.SEEDS.glob("*.csv"):
        (folder / path.name).write_bytes(path.read_bytes())
    rules = [
        ["nobodys", "1", "unallocated", "infrasage", "", "", "fixed", "", "keep", "", "", ""],
        [
            *("handed-on", "3", "search", "infrasage", "", "", "fixed", "", "keep"),
            *("2026-10-10", "2026-10-20", ""),
        ],
    ]
    targets = [
        ["nobodys", "platform", "1"],
        ["handed-on", "risk", "3"],
        ["handed-on", "growth", "1"],
    ]
    for name, rows in (("shared_cost_rules", rules), ("shared_cost_targets", targets)):
        with (folder / f"{name}.csv").open("a", newline="", encoding="utf-8") as lines:
            csv.writer(lines, lineterminator="\n").writerows(rows)


def explained(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["--project-dir", str(ROOT), "explain", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def assert_adds_up(node: dict[str, Any]) -> None:
    """Add every level up anew, from the digits in the document."""
    children = node.get("children", [])
    assert children or node["kind"] in LEAVES, node
    if children:
        assert sum(Decimal(child["amount"]) for child in children) == Decimal(node["amount"]), node
    for child in children:
        assert_adds_up(child)


def nodes_of(node: dict[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    if node["kind"] == kind:
        yield node
    for child in node.get("children", []):
        yield from nodes_of(child, kind)


@pytest.mark.parametrize("cost", ["effective", "list", "billed"])
def test_every_cell_adds_up_down_to_its_charges(marts: psycopg.Connection, cost: str) -> None:
    cells = marts.execute(CELLS.format(cost=cost)).fetchall()
    charges: set[str] = set()
    for team, month, day, source, service, amount in cells:
        options = [
            f"--{name}={value}"
            for name, value in (("source", source), ("service", service))
            if value
        ]
        period = f"{month:%Y-%m}" if day is None else day.isoformat()
        document = explained(team, period, "--all", f"--cost={cost}", *options)
        assert Decimal(document["tree"]["amount"]) == amount
        assert document["is_current"]
        assert_adds_up(document["tree"])
        assert not list(nodes_of(document["tree"], "more"))
        charges |= {charge["charge_id"] for charge in nodes_of(document["tree"], "charge")}
    assert len(cells) > 30
    assert charges == {str(charge_id) for (charge_id,) in marts.execute(PRICED)}


def test_a_charge_is_price_times_quantity_and_stands_on_its_line(marts: psycopg.Connection) -> None:
    tree = explained("growth", "2026-10", "--all")["tree"]
    charges = [charge for charge in nodes_of(tree, "charge") if "quantity" in charge]
    for charge in charges:
        names = ("quantity", "contracted_unit_price", "exchange_rate")
        product = Decimal(1)
        for name in names:
            product *= Decimal(charge[name])
        cost = round(product / Decimal(charge["pricing_block"]), 12)
        assert cost == Decimal(charge["amount"]), charge
    lines = {(str(charge["charge_id"]), charge["load_id"], charge["line"]) for charge in charges}
    found = marts.execute(
        "select charges.charge_id::text, usage_records.load_id, usage_records.row_number"
        " from marts.fct_charges as charges inner join marts.fct_usage_hourly as usage_records"
        " using (usage_id) where charges.charge_id = any(%s::uuid[])",
        [[charge["charge_id"] for charge in charges]],
    )
    assert lines == set(found.fetchall())


def test_a_share_says_what_it_is_measured_by(marts: psycopg.Connection) -> None:
    tree = explained("growth", "2026-10", "--service", "Tecton Platform")["tree"]
    (share,) = nodes_of(tree, "share")
    measured = marts.execute(
        "select sum(quantity) filter (where owners.team = 'growth'),"
        " sum(quantity), max(usage_date)::text,"
        " (select sum(effective_cost) from marts.fct_cost_shares"
        " where shared_cost_rule_id = 'tecton-platform-fee' and team = 'growth')"
        " from marts.fct_usage_hourly as usage_records"
        " inner join intermediate.int_allocation__owners as owners"
        " on usage_records.attribution_key = owners.attribution_key"
        " and usage_date >= valid_from and usage_date < valid_to"
        " where meter_id = 'tecton:FEATURE_VIEW_ONLINE_READS' and owners.team is not null"
    ).fetchone()
    base, total = Decimal(share["base_quantity"]), Decimal(share["base_total"])
    assert (base, total, share["measured_on"], Decimal(share["amount"])) == measured
    assert (share["rule_id"], share["method"], share["step"], share["from_team"]) == (
        *("tecton-platform-fee", "driver", 1, "data-platform"),
    )
    (pool,) = nodes_of(tree, "pool")
    assert Decimal(pool["amount"]) == 2450
    (fee,) = nodes_of(tree, "fixed_charge")
    assert (fee["fixed_charge_id"], fee["charges"]) == ("demo-tecton-platform-2026-10", 31)


def test_a_share_of_a_share_adds_up_too(in_steps: psycopg.Connection) -> None:
    trees = {}
    for team, month, day, source, service, amount in in_steps.execute(
        CELLS.format(cost="effective")
    ).fetchall():
        asked = Cell(team, month, day, source, service, Cost.EFFECTIVE, None)
        cell, tree = explain(in_steps, asked, None)
        assert tree.amount == cell.amount == amount
        trees[team, source, day] = explain_command.tree_document(tree, None)
        assert_adds_up(trees[team, source, day])
    handed_on = [
        share
        for share in nodes_of(trees["growth", "infrasage", None], "share")
        if share["rule_id"] == "handed-on"
    ]
    (share,) = handed_on
    assert [inner["rule_id"] for inner in nodes_of(share["children"][0], "share")] == [
        "observability",
        "nobodys",
    ]
    days = {charge["charge_start_at"].date() for charge in nodes_of(share, "charge")}
    assert (min(days), max(days)) == (date(2026, 10, 10), date(2026, 10, 19))


def test_large_cells_are_summed_up_and_still_add_up(marts: psycopg.Connection) -> None:
    assert marts.info.dbname
    summed_up, whole = (
        explained("risk", "2026-10", *options) for options in (["--top=1"], ["--all"])
    )
    assert_adds_up(summed_up["tree"])
    assert summed_up["tree"]["amount"] == whole["tree"]["amount"]
    listed = sum(1 for _ in nodes_of(summed_up["tree"], "charge"))
    of_prices = [*nodes_of(whole["tree"], "price"), *nodes_of(whole["tree"], "fixed_charge")]
    assert listed < sum(1 for _ in nodes_of(whole["tree"], "charge"))
    assert sum(price["charges"] for price in of_prices) == sum(
        1 for _ in nodes_of(whole["tree"], "charge")
    )
    depth = explained("risk", "2026-10", "--depth=1")["tree"]
    assert [child["kind"] for child in depth["children"]] == ["service"] * len(depth["children"])
    assert not any("children" in child for child in depth["children"])


def test_the_tree_is_printed_with_its_sum(built: object) -> None:
    assert built is not None
    arguments = ["explain", "unallocated", "2026-10-15", "--source", "tecton", "--top", "1"]
    arguments += ["--depth", "9"]
    result = CliRunner().invoke(app, ["--project-dir", str(ROOT), *arguments])
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "12.117745  unallocated, 2026-10-15: effective_cost in USD"
    assert lines[-1] == "the sum is marts.rpt_costs_daily: 12.117745 USD"
    assert lines[1] == "├─ 9.142545  tecton, Tecton Materialization"
    assert "│     │     └─ 4.50846  and 4 more" in lines
    assert any(
        "1.4666 Compute-Hours x 1.1  2026-10-15-11.csv:39  charge fa33c5a4" in line
        for line in lines
    )
    assert "@" not in result.stdout


def test_three_levels_are_printed_unless_more_are_asked_for(built: object) -> None:
    assert built is not None
    command = ["--project-dir", str(ROOT), "explain", "growth", "2026-10"]
    printed = CliRunner().invoke(app, command).stdout
    assert printed == CliRunner().invoke(app, [*command, "--depth", "3"]).stdout
    assert "3 of 6 levels: --depth 6 shows all of them" in printed
    assert "levels: --depth" not in CliRunner().invoke(app, [*command, "--all"]).stdout


def test_a_team_above_others_is_the_sum_of_them(marts: psycopg.Connection) -> None:
    teams = ["growth", "payments", "risk", "search"]
    row = marts.execute(
        "select sum(effective_cost), count(*) from marts.rpt_costs_monthly where team = any(%s)",
        [teams],
    ).fetchone()
    document = explained("product", "2026-10")
    assert row is not None
    assert (Decimal(document["cell"]["amount"]), document["cell"]["rows"]) == row
    assert_adds_up(document["tree"])
    assert [child["team"] for child in document["tree"]["children"]] == teams
    above = explained("engineering", "2026-10")["tree"]
    assert document["tree"] in above["children"]
    assert_adds_up(above)


@pytest.mark.parametrize("team", ["growth", "engineering"])
def test_a_statement_adds_up_to_its_cents(marts: psycopg.Connection, team: str) -> None:
    document = explained(team, "2026-10", "--statement")
    lines = list(nodes_of(document["tree"], "line"))
    for line in lines:
        exact, rounding = line["children"]
        assert (exact["kind"], rounding["kind"]) == ("exact", "rounding")
        assert Decimal(exact["amount"]) + Decimal(rounding["amount"]) == Decimal(line["amount"])
        is_raised = rounding["place"] <= rounding["cents_left"]
        whole = Decimal(rounding["whole"]) + Decimal("0.01") * is_raised
        assert whole == Decimal(line["amount"])
    stated = marts.execute(
        "select team, source_name, amount from marts.rpt_chargeback_monthly"
        " where team = any(%s) and billing_period = '2026-10-01'",
        [sorted({line["team"] for line in lines})],
    ).fetchall()
    assert {(line["team"], line["source_name"], Decimal(line["amount"])) for line in lines} == {
        *stated
    }
    assert Decimal(document["tree"]["amount"]) == sum(amount for *_, amount in stated)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["grwth", "2026-10"], 1, ["there is no team grwth", "did you mean growth?"]),
        (["growth", "2026-09"], 1, ["has no cost in 2026-09", "months with cost: 2026-10"]),
        (["engineering", "2026-09"], 1, ["no cost of its own", "growth"]),
        (["growth", "2026-10", "--source=metronome"], 1, ["--source tecton --service"]),
        (["growth", "2026-10", "--source=databrics"], 1, ['did you mean --source "databricks"?']),
        (["growth", "2026-10", "--service=SQL"], 1, ["--source tecton --service"]),
        (["growth", "2026-13"], 2, ["2026-13: is no month or day"]),
        (["growth", "2026-02-30"], 2, ["2026-02-30: is no month or day"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_not_there_is_said_with_what_is(
    built: object, arguments: list[str], code: int, words: list[str]
) -> None:
    assert built is not None
    result = CliRunner().invoke(app, ["--project-dir", str(ROOT), "explain", *arguments])
    assert isinstance(result.exception, LoaderError)
    assert result.exception.exit_code == code
    for word in words:
        assert word in str(result.exception)


def test_nothing_built_is_said(database: object) -> None:
    assert database is not None
    result = CliRunner().invoke(app, ["--project-dir", str(ROOT), "explain", "growth", "2026-10"])
    assert isinstance(result.exception, LoaderError)
    assert "not built yet: make build" in str(result.exception)


def test_marts_that_are_older_than_the_loads_are_explained_with_a_warning(
    built: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert built is not None
    monkeypatch.setattr(explain_command, "current_seeds", lambda *_: None)
    arguments = ["--project-dir", str(ROOT), "explain", "growth", "2026-10"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert "the marts are older than the loads, seeds or models" in result.stderr


def test_a_tree_that_does_not_add_up_is_refused() -> None:
    half = Node("charge", Decimal("0.5"))
    prove(Node("cell", Decimal(1), {}, [half, half]))
    with pytest.raises(LoaderError, match="is not the sum of its parts"):
        prove(Node("cell", Decimal("1.000000000001"), {}, [half, half]))
    with pytest.raises(LoaderError, match="is of nothing the marts still hold"):
        prove(Node("direct", Decimal(1)))
