"""The samples built by other decisions, on a copy of the database they were built on."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from databases import connect_to
from decisions import decide, know_the_rate, own_from_the_15th
from psycopg import sql

from loader.connection import OWN_SERVER_VARIABLES

ROOT = Path(__file__).parents[2]
RATES = "assert_exchange_rates_are_known"
PROFILES = "infrasage:profile.events"
SHARES = """
    select usage_date, shared_cost_rule_id, from_team, team, account_key, meter_id, is_idle,
    base_quantity, base_total, effective_cost, billed_cost
    from marts.fct_cost_shares order by 1, 2, 3, 4, 5, 6, 7
"""


@dataclass(frozen=True)
class Decided:
    """The samples' own marts, and those by other decisions, without and with a rate for euros."""

    before: psycopg.Connection
    after: psycopg.Connection
    shares_by_a_dated_rule: list[tuple[object, ...]]
    failures_without_rate: list[str]
    without_rate: list[tuple[object, ...]]


@contextmanager
def deciding(built_environment: dict[str, str], seeds: Path) -> Iterator[Decided]:
    """Yield what other decisions, written into the folder, make of the samples that were built."""
    name = f"loader_test_{secrets.token_hex(6)}"
    environment = built_environment | {"PGDATABASE": name}
    with connect_to(built_environment) as before:
        template = before.info.dbname
    with connect_to(environment | {"PGDATABASE": "postgres"}) as server:
        copied = sql.SQL("create database {} template {}")
        server.execute(copied.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            with connect_to(built_environment) as before, connect_to(environment) as after:
                yield _decided(environment, before, after, seeds)
        finally:
            server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def _decided(
    environment: dict[str, str],
    before: psycopg.Connection,
    after: psycopg.Connection,
    seeds: Path,
) -> Decided:
    own_from_the_15th(seeds)
    models = ["resource_type:seed", "attribution_rules+,+fct_cost_shares"]
    tests = ["resource_type:test", "resource_type:unit_test"]
    assert build(environment, seeds, "--select", *models, "--exclude", *tests) == []
    dated = after.execute(SHARES).fetchall()
    decide(seeds)
    # A view is dropped with the table below it, so those above the prices are made anew.
    views = ("prices_in_force", "due", "usage", "account_days")
    views += ("stated_amounts", "prepaid", "fixed_amounts")
    models = ["dim_prices", *(f"int_charges__{view}" for view in views)]
    options = ["resource_type:seed", *models, RATES, "--indirect-selection", "empty"]
    failures = build(environment, seeds, "--select", *options)
    without_rate = after.execute(
        "select distinct price_id is not null, exchange_rate, list_cost, contracted_cost"
        " from intermediate.int_charges__usage where meter_id = %s",
        [PROFILES],
    ).fetchall()
    know_the_rate(seeds)
    assert build(environment, seeds) == []
    return Decided(before, after, dated, failures, without_rate)


def build(environment: dict[str, str], seeds: Path, *arguments: str) -> list[str]:
    """Return the names of what failed; the rows are checked by all of the project's dbt tests."""
    result = subprocess.run(
        [*(sys.executable, "-m", "loader", "build", "--json", "--seeds", str(seeds)), *arguments],
        cwd=ROOT,
        env=_without_own_server() | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout, result.stderr
    return sorted(failure["name"] for failure in json.loads(result.stdout)["failures"])


def _without_own_server() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in OWN_SERVER_VARIABLES}
