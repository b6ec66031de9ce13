"""Each way a decision can be wrong makes the test that guards it fail, by name."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
import sample_totals

ROOT = Path(__file__).parents[2]
Row = dict[str, str]


def add(folder: Path, seed: str, like: int = 0, **changes: str) -> None:
    """Append a copy of a row with some columns changed."""
    path = folder / f"{seed}.csv"
    with path.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    with path.open("a", newline="", encoding="utf-8") as lines:
        csv.DictWriter(lines, list(rows[0]), lineterminator="\n").writerow(rows[like] | changes)


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory, own_database: dict[str, str]) -> set[str]:
    """Names of the tests that fail on a copy of the seeds with every mistake planted."""
    folder = tmp_path_factory.mktemp("seeds")
    for path in sample_totals.SEEDS.glob("*.csv"):
        (folder / path.name).write_bytes(path.read_bytes())
    add(folder, "prices", price_id="overlapping", valid_from="2023-01-01", valid_to="2023-06-02")
    add(folder, "prices", price_id="empty", valid_from="2022-01-01", valid_to="2022-01-01")
    add(folder, "prices", price_id="negative", list_unit_price="-1", region="nowhere")
    add(folder, "prices", price_id="lost", meter_id="databricks:NO_SUCH_METER")
    add(folder, "prices", price_id="odd-money", currency="usd", region="elsewhere")
    add(folder, "meters", meter_id="spacelift:wrong", meter_key="right")
    add(
        folder,
        "meters",
        meter_id="spacelift:lvl",
        source_name="spacelift",
        meter_key="lvl",
        kind="level",
    )
    add(folder, "teams", team="Shouting", parent_team="")
    add(folder, "teams", team="snake", parent_team="tail")
    add(folder, "teams", team="tail", parent_team="snake")
    add(folder, "attribution_rules", rule_id="to-nobody", team="nobody")
    add(folder, "attribution_rules", rule_id="by-nothing", operator="equals", value="")
    add(folder, "attribution_rules", rule_id="by-colour", attribute="colour")
    add(
        folder,
        "attribution_rules",
        rule_id="backwards",
        valid_from="2026-02-01",
        valid_to="2026-01-01",
    )
    add(folder, "budgets", period_start="2026-10-02", period_end="2026-10-02")
    add(folder, "accounts")
    add(folder, "source_schedules", export_name="tecton.billable_usage_v3")
    add(
        folder,
        "source_schedules",
        export_name="tecton.oldest",
        superseded_by="tecton.billable_usage_v1",
    )
    add(folder, "source_schedules", export_name="tecton.week", grain="week")
    add(folder, "source_schedules", export_name="tecton.hasty", late_hours="1")
    add(folder, "source_schedules", export_name="tecton.rule", zero_rule="always")
    selection = ["resource_type:seed", "resource_type:test"]
    options = ["--indirect-selection", "cautious", "--exclude", "resource_type:model"]
    result = subprocess.run(
        [
            *(sys.executable, "-m", "loader", "build", "--json", "--seeds", str(folder)),
            *("--select", *selection, *options),
        ],
        cwd=ROOT,
        env=own_database,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1, result.stderr
    return {failure["name"] for failure in json.loads(result.stdout)["failures"]}


@pytest.mark.parametrize(
    "name",
    [
        "periods_do_not_overlap_prices_price_id__meter_id__cloud__region",
        "prices__periods_have_a_length",
        "prices__are_not_negative",
        "expression_is_true_prices_currency__currency_A_Z_3_",
        "expression_is_true_meters_meter_id_source_name_meter_key",
        "relationships_prices_meter_id__meter_id__ref_meters_",
        "meters__levels_are_never_summed",
        "teams__are_lower_case_and_not_reserved",
        "assert_teams_form_a_tree",
        "attribution_rules__name_a_known_team",
        "attribution_rules__compare_with_something",
        "attribution_rules__periods_have_a_length",
        "budgets__periods_have_a_length",
        "unique_combination_accounts_source_name__account_key",
        "is_declared_export_source_schedules_export_name",
        "source_schedules__newest_versions_stand_for_themselves",
        "accepted_values_source_schedules_grain__hour__day",
        "source_schedules__late_comes_after_due",
        "accepted_values_source_schedules_zero_rule__later_usage__never",
    ],
)
def test_the_mistake_is_found_by(name: str, failing: set[str]) -> None:
    assert name in failing
