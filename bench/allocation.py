"""Times the allocation of a month of charges beside building the charges themselves.

    make bench
    python bench/allocation.py --rows 1000000 --runs 3 --write

Fifty teams own a month of Databricks usage by rules, and five of them pass their cost on, one in
each step, by what the others cost. Every run builds the month anew, one model at a time, on a
database made from the same one; the seconds are those that dbt reports of each model.
"""

import csv
import secrets
import statistics
import sys
import tempfile
from pathlib import Path

import table
from builds import create, environment_in, load, node_seconds, renew
from databases import Environment, connect, drop, run
from month import FIRST_DAY, SEEDS, write_days
from options import options_parser
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


def main() -> None:
    """Measure what the arguments ask for, print the table, and write it if asked to."""
    options = options_parser(
        __doc__, rows=(1_000_000, "rows of the month"), runs=(3, "runs of the build")
    ).parse_args()
    nodes = _measured(options.rows, options.runs)
    lines = [table.machine(), "", *_lines(options.rows, nodes)]
    print("\n".join(lines))
    if options.write:
        table.write(HERE.parent / "docs" / "benchmarks.md", lines, MARKERS)


def _measured(rows: int, runs: int) -> list[Seconds]:
    """Return the seconds of each model, of each run."""
    found: list[Seconds] = []
    suffix = secrets.token_hex(4)
    month, name = f"allocation_bench_month_{suffix}", f"allocation_bench_{suffix}"
    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        environment = environment_in(folder)
        (folder / "seeds").mkdir()
        _decide(folder / "seeds")
        write_days(folder / "month.csv", rows, FIRST_DAY, _DAYS)
        with connect(environment) as server:
            create(server, month)
            try:
                load(folder / "month.csv", environment | {"PGDATABASE": month})
                for _ in range(runs):
                    renew(server, name, month)
                    found.append(_build(environment | {"PGDATABASE": name}, folder, rows))
            finally:
                for made in (name, month):
                    drop(server, made)
    return found


def _build(environment: Environment, folder: Path, rows: int) -> Seconds:
    """Build the month and return the seconds of each model; what it costs must add up."""
    run([*loader(), *_MODELS, *_ONLY, "--seeds", str(folder / "seeds")], environment)
    with connect(environment) as database:
        answer = database.execute(_ADDS_UP).fetchone()
    if answer != (rows, _TEAMS, _STEPS, 0):
        message = f"not {rows} charges of {_TEAMS} teams in {_STEPS} steps, all of them: {answer}"
        raise SystemExit(message)
    seconds = node_seconds(folder)
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


if __name__ == "__main__":
    main()
