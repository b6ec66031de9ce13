"""Seeds of reconciliation and unit cost: none of ours ships, and mistakes are refused."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
import sample_totals

ROOT = Path(__file__).parents[2]
STARTER = ROOT / "loader" / "starter_seeds"
MISTAKES = {
    "invoices": [
        {"invoice_id": "within-the-month", "billing_period": "2026-10-02"},
        {"invoice_id": "more-tax-than-amount", "amount": "1", "tax_amount": "2"},
        {"invoice_id": "nobody", "source_name": "nobody"},
        {},
    ],
    "unit_cost_rules": [
        {"rule_id": "by-maximum", "metric_id": "slowest_response"},
        {"rule_id": "of-nobody", "team": "nobody"},
        {"rule_id": "backwards", "valid_from": "2026-10-02", "valid_to": "2026-10-01"},
        {},
    ],
}
GUARDS = {
    "invoices__are_complete",
    "is_declared_source_invoices_source_name",
    "unique_invoices_invoice_id",
    "unit_cost_rules__divide_by_metrics_that_add_up",
    "unit_cost_rules__name_a_known_team",
    "unit_cost_rules__periods_have_a_length",
    "unique_unit_cost_rules_rule_id",
}


@pytest.mark.parametrize("name", MISTAKES)
def test_decisions_start_as_a_header_only(name: str) -> None:
    header = (sample_totals.SEEDS / f"{name}.csv").read_text(encoding="utf-8").split("\n", 1)[0]
    assert (STARTER / f"{name}.csv").read_text(encoding="utf-8") == f"{header}\n"


def test_each_mistake_fails_the_test_that_guards_it(
    own_database: dict[str, str], tmp_path: Path
) -> None:
    for path in sample_totals.SEEDS.glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    for name, mistakes in MISTAKES.items():
        with (tmp_path / f"{name}.csv").open(newline="", encoding="utf-8") as lines:
            first = next(csv.DictReader(lines))
        with (tmp_path / f"{name}.csv").open("a", newline="", encoding="utf-8") as lines:
            writer = csv.DictWriter(lines, list(first), lineterminator="\n")
            writer.writerows(first | mistake for mistake in mistakes)
    result = subprocess.run(
        [
            *(sys.executable, "-m", "loader", "build", "--json", "--seeds", str(tmp_path)),
            *("--select", *MISTAKES, "billable_metrics", "teams"),
            *("--indirect-selection", "cautious", "--exclude", "resource_type:model"),
        ],
        cwd=ROOT,
        env=own_database,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1, result.stderr
    assert {failure["name"] for failure in json.loads(result.stdout)["failures"]} == GUARDS
