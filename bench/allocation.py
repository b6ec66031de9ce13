"""Times the allocation of a month of charges beside building the charges themselves.

    make bench
    python bench/allocation.py --rows 1000000 --runs 3 --write

Fifty teams own a month of Databricks usage by rules, and five of them pass their cost on, one in
each step, by what the others cost. Every run builds the month anew, one model at a time, on a
database made from the same one; the seconds are those that dbt reports of each model.
"""

import argparse
import csv
import json
import secrets
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import table
from databases import Environment, configured, connect, drop, run
from month import FIRST_DAY, SEEDS, write_days
from psycopg import sql
from ways import HERE, loader

MARKERS = "<!-- allocation: start -->", "<!-- allocation: end -->"
_TEAMS, _STEPS, _FIRST_OWNER, _DAYS = 50, 5, 48317900000, 30
_WANTED, _LARGEST = 2, 4
_MODELS = ["build", "--threads", "1", "--select", "+fct_allocated_costs_daily"]
_ONLY = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
_ADDS_UP = """
    select
        (select count(*) from marts.fct_charges),
        (select count(distinct team) from intermediate.int_allocation__lines where step = 0),
        (select max(step) from marts.fct_allocated_costs_daily),
        (select sum(effective_cost) from marts.fct_charges)
        - (select sum(effective_cost) from marts.fct_allocated_costs_daily)
"""
Seconds = dict[str, float]


@dataclass(frozen=True)
class Options:
    """How much is measured."""

    rows: int
    runs: int
    is_written: bool


def main() -> None:
    """Measure what the arguments ask for, print the table, and write it if asked to."""
    options = _options()
    nodes = _measured(options)
    lines = [table.machine(), "", *_lines(options.rows, nodes)]
    print("\n".join(lines))
    if options.is_written:
        table.write(HERE.parent / "docs" / "benchmarks.md", lines, MARKERS)


def _measured(options: Options) -> list[Seconds]:
    """Return the seconds of each model, of each run."""
    found: list[Seconds] = []
    suffix = secrets.token_hex(4)
    month, name = f"allocation_bench_month_{suffix}", f"allocation_bench_{suffix}"
    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        environment = configured() | {
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
            "DBT_SCHEMA": "public",
        }
        (folder / "seeds").mkdir()
        _decide(folder / "seeds")
        write_days(folder / "month.csv", options.rows, FIRST_DAY, _DAYS)
        with connect(environment) as server:
            server.execute(sql.SQL("create database {}").format(sql.Identifier(month)))
            try:
                _load(environment | {"PGDATABASE": month}, folder)
                for _ in range(options.runs):
                    drop(server, name)
                    copied = sql.SQL("create database {} template {} strategy file_copy")
                    server.execute(copied.format(sql.Identifier(name), sql.Identifier(month)))
                    server.execute("checkpoint")
                    found.append(_build(environment | {"PGDATABASE": name}, folder, options.rows))
            finally:
                for made in (name, month):
                    drop(server, made)
    return found


def _load(environment: Environment, folder: Path) -> None:
    run([*loader(), "load", str(folder / "month.csv")], environment)
    with connect(environment) as database:
        database.execute("vacuum analyze")


def _build(environment: Environment, folder: Path, rows: int) -> Seconds:
    """Build the month and return the seconds of each model; what it costs must add up."""
    run([*loader(), *_MODELS, *_ONLY, "--seeds", str(folder / "seeds")], environment)
    with connect(environment) as database:
        answer = database.execute(_ADDS_UP).fetchone()
    if answer != (rows, _TEAMS, _STEPS, 0):
        message = f"not {rows} charges of {_TEAMS} teams in {_STEPS} steps, all of them: {answer}"
        raise SystemExit(message)
    written = (folder / "target" / "run_results.json").read_text(encoding="utf-8")
    seconds = {
        node["unique_id"].split(".")[2]: node["execution_time"]
        for node in json.loads(written)["results"]
    }
    print(f"{_ratio(seconds):8.2f} x fct_charges", file=sys.stderr)
    return seconds


def _charging(seconds: Seconds) -> float:
    return sum(
        taken
        for node, taken in seconds.items()
        if node.startswith("int_charges__") or node == "fct_charges"
    )


def _allocating(seconds: Seconds) -> Seconds:
    """Return the seconds of all that stands between charges and their teams."""
    ours = ("int_allocation__", "int_utilisation__", "rpt_worker_", "fct_allocated_")
    return {node: taken for node, taken in seconds.items() if node.startswith(ours)}


def _ratio(seconds: Seconds) -> float:
    return sum(_allocating(seconds).values()) / _charging(seconds)


def _lines(rows: int, runs: list[Seconds]) -> list[str]:
    ratios = [_ratio(seconds) for seconds in runs]
    spread = f"{min(ratios):.2f}-{max(ratios):.2f}"
    median = {node: statistics.median(one[node] for one in runs) for node in runs[0]}
    allocating = _allocating(median)
    largest = sorted(allocating, key=lambda node: -allocating[node])[:_LARGEST]
    return [
        *table.aligned(
            [
                [f"{rows:,} charges, {_TEAMS} teams, {_STEPS} steps", "median s"],
                ["charges", f"{_charging(median):.1f}"],
                ["allocation", f"{sum(allocating.values()):.1f}"],
                *([f"of it `{node}`", f"{allocating[node]:.1f}"] for node in largest),
            ]
        ),
        "",
        *table.aligned(
            [
                ["ratio", "runs", "median", "min-max", "wanted"],
                [
                    "allocation / charges",
                    str(len(runs)),
                    f"{statistics.median(ratios):.2f}",
                    spread,
                    str(_WANTED),
                ],
            ]
        ),
    ]


def _decide(folder: Path) -> None:
    """Write seeds by which fifty teams own the month, and five of them pass their cost on."""
    for path in SEEDS.glob("*.csv"):
        (folder / path.name).write_bytes(path.read_bytes())
    teams = [f"team-{number:02}" for number in range(_TEAMS)]
    _replace(folder, "teams", [{"team": team, "team_name": team} for team in teams])
    owned = {"priority": "10", "attribute": "owner", "operator": "equals"}
    rules = [
        {"rule_id": team, "value": str(_FIRST_OWNER + number), "team": team, **owned}
        for number, team in enumerate(teams)
    ]
    _replace(folder, "attribution_rules", rules)
    passed_on = [
        {"rule_id": f"step-{step}", "step": str(step), "from_team": teams[step]}
        | {"method": "direct_cost", "fallback": "keep"}
        for step in range(1, _STEPS + 1)
    ]
    _replace(folder, "shared_cost_rules", passed_on)
    for seed in ("shared_cost_targets", "fixed_charges", "budgets", "team_aliases"):
        _replace(folder, seed, [])


def _replace(folder: Path, seed: str, rows: list[dict[str, str]]) -> None:
    path = folder / f"{seed}.csv"
    columns = path.read_text(encoding="utf-8").partition("\n")[0].split(",")
    with path.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _options() -> Options:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the month")
    parser.add_argument("--runs", type=int, default=3, help="runs of the build")
    parser.add_argument("--write", action="store_true", help="put the table into the page")
    given = parser.parse_args()
    return Options(given.rows, given.runs, given.write)


if __name__ == "__main__":
    main()
