"""Times twenty questions of a dashboard on the marts, beside DuckDB and pandas on the CSV file.

    make bench
    python bench/questions.py --rows 1000000 --runs 50 --write

A month of Databricks usage is generated, loaded with the other vendors' samples, and built, once.
What the figures mean is in docs/benchmarks.md, into which --write puts them, by number of rows.
"""

import argparse
import random
import secrets
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import questions_on_csv
import questions_table
import table
from builds import create, environment_in
from databases import Environment, connect, drop, run
from month import FIRST_DAY, SEEDS, write_days
from options import options_parser
from ways import HERE, loader

_DAYS = 30
_OTHER_SAMPLES = ("infrasage", "metronome", "spacelift", "tecton")
_A_RESOURCE = """
    select resource_key from marts.rpt_resource_costs_monthly
    where source_name = 'databricks' and billing_period = %s
    order by effective_cost desc offset 100 limit 1
"""
_COST_OF_MONTH = (
    "select sum(effective_cost) from marts.fct_charges where source_name = 'databricks'"
)


@dataclass
class Question:
    """A question, how the marts and the file are asked, and the seconds of every answer."""

    title: str
    marts: str
    csv: dict[str, Any] | None = None
    rows: int = 0
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def add(self, way: str, seconds: float) -> None:
        """Keep what one answer took."""
        self.seconds.setdefault(way, []).append(seconds)


def main() -> None:
    """Measure what the arguments ask for, print the table, and write it if asked to."""
    options = _options()
    text = (HERE / "questions.toml").read_text(encoding="utf-8")
    questions = [Question(**question) for question in tomllib.loads(text)["question"]]
    with _stage(options.rows) as (folder, environment), connect(environment) as database:
        parameters = {"month": FIRST_DAY, "resource": _resource(database)}
        _ask_marts(database, questions, parameters, options.runs)
        ways = questions_on_csv.ways(folder / "month.csv", SEEDS / "prices.csv")
        _ask_file(questions, ways, str(parameters["resource"]), options.csv_runs)
        _compare(database, ways)
    lines = [table.machine(), "", *questions_table.lines(options.rows, questions)]
    print("\n".join(lines))
    if options.write:
        page, markers = (
            HERE.parent / "docs" / "benchmarks.md",
            questions_table.markers(options.rows),
        )
        table.write(page, lines, markers)


def _resource(database: psycopg.Connection) -> str:
    found = database.execute(_A_RESOURCE, [FIRST_DAY]).fetchone()
    if found is None:
        message = "the marts hold no resource with a cost: was the month loaded and built?"
        raise SystemExit(message)
    return str(found[0])


def _ask_marts(
    database: psycopg.Connection, questions: list[Question], parameters: dict[str, Any], runs: int
) -> None:
    """Ask every question in turn, each time in another order; the first round is not counted."""
    order = random.Random(1)  # noqa: S311  # a repeatable order, not a secret
    for number in range(runs + 1):
        for question in order.sample(questions, len(questions)):
            started = time.perf_counter()
            answer = database.execute(question.marts.encode(), parameters).fetchall()
            if number:
                question.add(questions_table.MARTS, time.perf_counter() - started)
            question.rows = len(answer)


def _ask_file(
    questions: list[Question], ways: questions_on_csv.Ways, resource: str, runs: int
) -> None:
    for _ in range(runs):
        for question in questions:
            for way, answer in ways.items() if question.csv else ():
                started = time.perf_counter()
                answer(question.csv | {"resource_key": resource})
                question.add(way, time.perf_counter() - started)
                print(f"{way:<8} {question.title}", file=sys.stderr)


def _compare(database: psycopg.Connection, ways: questions_on_csv.Ways) -> None:
    """Make sure that the file was asked for the same: the month's cost, in cents."""
    (cost,) = database.execute(_COST_OF_MONTH).fetchone() or (None,)
    for way, answer in ways.items():
        ((of_file,),) = answer({"by": [], "value": "cost"})
        if round(Decimal(of_file), 2) != round(cost, 2):
            message = f"{way} costs the month {of_file}, the marts {cost}"
            raise SystemExit(message)


@contextmanager
def _stage(rows: int) -> Iterator[tuple[Path, Environment]]:
    name = f"question_bench_{secrets.token_hex(4)}"
    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        server = environment_in(folder)
        environment = server | {"PGDATABASE": name}
        try:
            with connect(server) as connection:
                create(connection, name)
            _build(folder, environment, rows)
            yield folder, environment
        finally:
            with connect(server) as connection:
                drop(connection, name)


def _build(folder: Path, environment: Environment, rows: int) -> None:
    """Fill the database: files, loads, then seeds and models without their tests."""
    write_days(folder / "month.csv", rows, FIRST_DAY, _DAYS)
    samples = [str(HERE.parent / "samples" / name) for name in _OTHER_SAMPLES]
    kinds = ["--resource-type", "seed", "--resource-type", "model"]
    for step in (
        ["load", str(folder / "month.csv")],
        ["load", *samples],
        ["build", "--full-refresh", *kinds],
    ):
        started = time.perf_counter()
        run([*loader(), *step], environment)
        print(f"{step[0]:<8} {time.perf_counter() - started:8.2f} s", file=sys.stderr)
    with connect(environment) as database:
        database.execute("vacuum analyze")


def _options() -> argparse.Namespace:
    parser = options_parser(
        __doc__, rows=(1_000_000, "rows of the month"), runs=(50, "times each question is asked")
    )
    parser.add_argument("--csv-runs", type=int, default=3, help="times the file is asked")
    return parser.parse_args()


if __name__ == "__main__":
    main()
