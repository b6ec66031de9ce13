"""The demo's seeds and the ones `loader init` starts from agree where they say the same thing."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections import defaultdict
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from sample_totals import SEEDS

ROOT = Path(__file__).resolve().parents[2]
DEMO, STARTER = SEEDS, ROOT / "loader/starter_seeds"
VENDOR_FACTS = (
    *("tecton_units", "spacelift_run_states", "source_schedules"),
    *("databricks_regions", "databricks_skus_deprecated"),
    *("focus_subcategories", "focus_services", "focus_providers"),
    *("focus_provider_tags", "focus_units"),
)
DECISIONS = (
    *("accounts", "attribution_rules", "budgets", "fixed_charges", "teams"),
    *("metronome_customers", "metronome_customer_aliases"),
    *("billable_metrics", "billable_metric_filters"),
)


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines, strict=True))


def test_every_public_price_is_in_both_folders_and_the_same() -> None:
    demo = {row["price_id"]: row for row in rows(DEMO, "prices")}
    public = {row["price_id"]: row for row in rows(STARTER, "prices")}
    assert public.keys() == {price_id for price_id in demo if not price_id.startswith("demo-")}
    for price_id, row in public.items():
        assert price_id.startswith("public-")
        assert row["valid_to"] == row["contracted_unit_price"] == ""
        assert {**demo[price_id], "valid_to": ""} == row


def test_a_contract_starts_where_the_public_price_ends() -> None:
    prices = defaultdict(list)
    for row in rows(DEMO, "prices"):
        prices[row["meter_id"]].append(row)
    for periods in prices.values():
        for earlier, later in pairwise(periods):
            assert earlier["valid_to"] == later["valid_from"]
        assert periods[-1]["valid_to"] == ""


def test_enterprise_job_prices_are_not_the_swapped_ones() -> None:
    public = {row["meter_id"]: row["list_unit_price"] for row in rows(STARTER, "prices")}
    assert public["databricks:ENTERPRISE_JOBS_COMPUTE"] == "0.20"
    assert public["databricks:ENTERPRISE_JOBS_LIGHT_COMPUTE"] == "0.13"


def test_skus_without_an_agreed_public_price_have_none() -> None:
    priced = {row["meter_id"] for row in rows(STARTER, "prices")}
    skus = {
        row["meter_id"] for row in rows(STARTER, "meters") if row["source_name"] == "databricks"
    }
    assert len(skus) == 107 + 12
    assert {sku for sku in skus - priced if not re.search("_LAUNCH_|OPSEC$", sku)} == {
        "databricks:AWS_ENHANCED_SECURITY_AND_COMPLIANCE",
        "databricks:STANDARD_SERVERLESS_SQL_COMPUTE",
    }


def test_meters_of_the_vendors_are_the_same_in_both_folders() -> None:
    vendors = [row for row in rows(DEMO, "meters") if row["source_name"] != "metronome"]
    assert rows(STARTER, "meters") == vendors
    for row in rows(DEMO, "meters"):
        assert row["meter_id"] == f"{row['source_name']}:{row['meter_key']}"


@pytest.mark.parametrize("name", VENDOR_FACTS)
def test_vendor_facts_are_the_same_in_both_folders(name: str) -> None:
    assert rows(STARTER, name) == rows(DEMO, name)


@pytest.mark.parametrize("name", DECISIONS)
def test_decisions_start_as_a_header_only(name: str) -> None:
    header = (DEMO / f"{name}.csv").read_text(encoding="utf-8").split("\n", 1)[0]
    assert (STARTER / f"{name}.csv").read_text(encoding="utf-8") == f"{header}\n"


def test_tecton_units_lead_to_declared_meters() -> None:
    declared = {row["meter_key"] for row in rows(DEMO, "meters") if row["source_name"] == "tecton"}
    assert {row["unit_v2"] for row in rows(DEMO, "tecton_units")} <= declared


def test_dates_are_iso_and_periods_have_a_length() -> None:
    for name, start, end in (
        ("prices", "valid_from", "valid_to"),
        ("attribution_rules", "valid_from", "valid_to"),
        ("fixed_charges", "period_start", "period_end"),
        ("budgets", "period_start", "period_end"),
    ):
        for row in rows(DEMO, name):
            last = date.fromisoformat(row[end]) if row[end] else date.max
            assert date.fromisoformat(row[start]) < last, row


def test_the_page_about_seeds_says_what_their_declarations_say() -> None:
    page = subprocess.run([sys.executable, ROOT / "docs/seeds.py", "--check"], check=False)
    assert page.returncode == 0, "write docs/seeds.md anew: python docs/seeds.py"
