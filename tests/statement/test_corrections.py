"""A small warehouse through two closed months: what became known later is a correction, once."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sample_totals
from databases import connect_to

from loader import building, builds_table
from loader.project import Project

ROOT = Path(__file__).parents[2]
GUARDS = (
    "assert_statements_conserve_costs",
    "assert_statements_add_up_in_cents",
    "assert_closed_statements_are_unchanged",
)
Line = tuple[str, str, str | None, str, str, bool]
Story = dict[str, list[Line]]

FIRST = """tenant_id,hour,event_type,event_count,bytes_ingested
acme-prod,2026-10-10 00:00:00,metric,25000000,1
acme-search,2026-10-05 00:00:00,log,2000000,1
acme-search,2026-10-20 00:00:00,log,10000000,1
"""
# The hour of 10 October anew, an hour of September nobody had, and one of November.
SECOND = """tenant_id,hour,event_type,event_count,bytes_ingested
acme-prod,2026-09-30 23:00:00,metric,1000000,1
acme-prod,2026-10-10 00:00:00,metric,26000000,1
acme-prod,2026-11-02 00:00:00,metric,5000000,1
"""


def copy_of_seeds(folder: Path) -> Path:
    """Copy the demo's decisions, without cost that is shared: its reasons lie elsewhere."""
    folder.mkdir()
    for path in sample_totals.SEEDS.glob("*.csv"):
        content = path.read_text(encoding="utf-8")
        if path.stem.startswith("shared_cost_"):
            content = f"{content.splitlines()[0]}\n"
        (folder / path.name).write_text(content, encoding="utf-8")
    return folder


def change(path: Path, key: str, value: str, **changes: str) -> None:
    """End a row of a seed where a copy of it, with the changes, begins."""
    with path.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    (row,) = [row for row in rows if row[key] == value]
    rows.append(row | {key: f"{value}-anew"} | changes)
    row["valid_to"] = changes["valid_from"]
    with path.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, list(row), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


class Warehouse:
    """The project's commands on a database of their own."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment | {"LOADER_AS_OF": "2027-01-09T00:00:00Z"}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "loader", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def do(self, *arguments: str) -> None:
        result = self.run(*arguments)
        assert result.returncode == 0, result.stdout + result.stderr

    def build(self, seeds: Path, *, select: tuple[str, ...] = ()) -> list[str]:
        """Build statements, with the tests that guard them; return the names that failed."""
        kinds = [f"resource_type:{kind},+rpt_chargeback_monthly" for kind in ("model", "seed")]
        completeness = "resource_type:model,+rpt_source_completeness"
        selection = select or (*kinds, completeness, "source_schedules", *GUARDS)
        result = self.run(
            *("build", "--json", "--seeds", str(seeds), "--indirect-selection", "empty"),
            *("--select", *selection),
        )
        failed = [failure["name"] for failure in json.loads(result.stdout)["failures"]]
        with connect_to(self.environment) as connection:
            # A whole build would remember this; it would take three times as long.
            digest = building.fingerprint(connection, Project(ROOT))
            builds_table.remember(connection, digest, "", ())
        return failed

    def statement(self) -> list[Line]:
        with connect_to(self.environment) as connection:
            rows = connection.execute(
                "select to_char(billing_period, 'YYYY-MM'), team,"
                " to_char(corrects_period, 'YYYY-MM'), trim_scale(effective_cost)::text,"
                " amount::text, is_closed"
                " from marts.rpt_chargeback_monthly where source_name = 'infrasage'"
                " and (charge_class = 'Correction') is not distinct from"
                " case when corrects_period is not null then true end"
                " order by 1, 3 nulls first, 2"
            )
            return rows.fetchall()


@pytest.fixture(scope="module")
def warehouse(own_database: dict[str, str]) -> Warehouse:
    return Warehouse(own_database)


@pytest.fixture(scope="module")
def story(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Statements after each chapter."""
    folder = tmp_path_factory.mktemp("story")
    chapters: Story = {}
    seeds, changed = copy_of_seeds(folder / "seeds"), copy_of_seeds(folder / "changed")
    change(
        changed / "attribution_rules.csv",
        *("rule_id", "infrasage-search"),
        team="growth",
        valid_from="2026-10-15",
    )
    change(
        changed / "prices.csv",
        *("price_id", "demo-infrasage-metric-events"),
        contracted_unit_price="0.09",
        valid_from="2026-11-01",
    )

    def tell(chapter: str, seeds: Path, *before: Callable[[], None]) -> None:
        for step in before:
            step()
        assert warehouse.build(seeds) == []
        chapters[chapter] = warehouse.statement()

    def load(name: str, text: str) -> Callable[[], None]:
        (folder / name).write_text(text, encoding="utf-8")
        return lambda: warehouse.do("load", str(folder / name))

    def close(*arguments: str) -> Callable[[], None]:
        return lambda: warehouse.do("close", *arguments)

    tell("open", seeds, load("first.csv", FIRST))
    tell(
        "restated",
        seeds,
        close("2026-10", "--force", "a small sample"),
        load("second.csv", SECOND),
    )
    tell("ruled and repriced", changed, close("2026-11", "--force", "a small sample"))
    tell("reopened", changed, close("--reopen", "2026-11"))
    return chapters


OCTOBER = [
    ("2026-10", "platform", None, "2", "2.00"),
    ("2026-10", "search", None, "4.2", "4.20"),
]
NOVEMBER = [
    ("2026-11", "platform", None, "0.4", "0.40"),
    ("2026-11", "platform", "2026-09", "0.08", "0.08"),
    ("2026-11", "platform", "2026-10", "0.08", "0.08"),
]


def with_state(
    lines: list[tuple[str, str, str | None, str, str]], *, is_closed: bool
) -> list[Line]:
    return [(*line, is_closed) for line in lines]


def test_an_open_month_is_its_own_cost(story: Story) -> None:
    assert story["open"] == with_state(OCTOBER, is_closed=False)


def test_what_is_known_after_closing_is_corrected_in_the_next_month(story: Story) -> None:
    closed = with_state(OCTOBER, is_closed=True)
    assert story["restated"] == closed + with_state(NOVEMBER, is_closed=False)


def test_a_rule_and_a_price_correct_only_what_they_cover_and_nothing_twice(story: Story) -> None:
    december = [
        ("2026-12", "growth", "2026-10", "3.5", "3.50"),
        ("2026-12", "search", "2026-10", "-3.5", "-3.50"),
        ("2026-12", "platform", "2026-11", "0.05", "0.05"),
    ]
    closed = with_state(OCTOBER + NOVEMBER, is_closed=True)
    assert story["ruled and repriced"] == closed + with_state(december, is_closed=False)


def test_a_reopened_month_is_as_if_it_had_never_been_closed(story: Story) -> None:
    november = [
        ("2026-11", "platform", None, "0.45", "0.45"),
        ("2026-11", "platform", "2026-09", "0.08", "0.08"),
        ("2026-11", "growth", "2026-10", "3.5", "3.50"),
        ("2026-11", "platform", "2026-10", "0.08", "0.08"),
        ("2026-11", "search", "2026-10", "-3.5", "-3.50"),
    ]
    closed = with_state(OCTOBER, is_closed=True)
    assert story["reopened"] == closed + with_state(november, is_closed=False)


def test_a_changed_frozen_line_fails_the_build(warehouse: Warehouse, story: Story) -> None:
    assert story
    with connect_to(warehouse.environment) as connection:
        connection.execute(
            "update loader.closed_statements set amount = amount + 0.01 where line_number = 1"
        )
    guard = "assert_closed_statements_are_unchanged"
    assert warehouse.build(sample_totals.SEEDS, select=(guard,)) == [guard]
