"""Times the build of a month of Databricks usage beside the same steps written by hand in SQL.

    make bench
    python bench/build.py --rows 1000000 --runs 3 --write

Every run goes through all builds in turn, on databases made anew from the same two: one without a
row, one with the month loaded. What the marts cost each team a day is compared with what the SQL
by hand says. How the figures come about is in docs/benchmarks.md, into which --write puts them.
"""

import importlib.util
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import build_table
import table
from builds import copy, create, environment_in, load, node_seconds, renew
from databases import Environment, connect, drop, run
from disk import Watch
from month import FIRST_DAY, SEEDS, write_days
from options import options_parser
from ways import HERE, loader, psql

_DAYS = 30
_COSTS_BY_HAND = """
    select usage_date, team, currency, list_cost, effective_cost, charges from team_days
    where effective_cost is not null order by usage_date, team, currency
"""
_COSTS_OF_MARTS = """
    select usage_date, team, currency, sum(list_cost), sum(effective_cost), sum(charges)::bigint
    from marts.fct_allocated_costs_daily
    where source_name = 'databricks'
    group by usage_date, team, currency order by usage_date, team, currency
"""


@dataclass(frozen=True)
class Stage:
    """A folder for files, the templates without and with the month, and the database of a run."""

    folder: Path
    environment: Environment
    empty: str
    month: str
    name: str

    @property
    def variables(self) -> Environment:
        """The variables that lead to the database of a run, and dbt away from the project."""
        return self.environment | {"PGDATABASE": self.name}

    def fresh(self, template: str) -> None:
        """Make the database anew from a template."""
        with connect(self.environment) as server:
            renew(server, self.name, template)

    def timed(self, *arguments: str) -> float:
        """Return the seconds a command takes, its start included."""
        started = time.perf_counter()
        run(list(arguments), self.variables)
        return time.perf_counter() - started

    def answers(self, query: str) -> list[tuple[object, ...]]:
        """Return the rows of a query."""
        with connect(self.variables) as database:
            return database.execute(query.encode()).fetchall()


@dataclass
class Measured:
    """What the runs took: seconds by way, seconds of nodes by way, bytes of disk."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    nodes: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    disk: list[build_table.Disk] = field(default_factory=list)

    def add(self, way: str, seconds: float, nodes: dict[str, float] | None = None) -> None:
        """Keep what one run of a way took."""
        print(f"{way:<44} {seconds:8.2f} s", file=sys.stderr)
        self.seconds.setdefault(way, []).append(seconds)
        of_way = self.nodes.setdefault(way, {})
        for node, taken in (nodes or {}).items():
            of_way.setdefault(node, []).append(taken)


def main() -> None:
    """Measure what the arguments ask for, print the tables, and write them if asked to."""
    options = options_parser(
        __doc__, rows=(1_000_000, "rows of the month"), runs=(3, "runs of each build")
    ).parse_args()
    measured = Measured()
    with _stage(options.rows) as stage:
        for _ in range(options.runs):
            _run_once(stage, measured)
    lines = [
        table.machine(),
        "",
        *build_table.lines(options.rows, measured.seconds, measured.nodes, measured.disk),
    ]
    print("\n".join(lines))
    if options.write:
        table.write(HERE.parent / "docs" / "benchmarks.md", lines, build_table.MARKERS)


def _run_once(stage: Stage, measured: Measured) -> None:
    stage.fresh(stage.month)
    script, seeds = str(HERE / "by_hand.sql"), f"seeds={SEEDS}"
    by_hand = [psql(), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", seeds, "-f", script]
    measured.add(build_table.BY_HAND, stage.timed(*by_hand))
    expected = stage.answers(_COSTS_BY_HAND)
    if importlib.util.find_spec("pandas") is not None:
        script = str(HERE / "usage_with_pandas.py")
        seconds = stage.timed(sys.executable, script, str(stage.folder / "month.csv"))
        measured.add(build_table.PANDAS, seconds)
    for scope in build_table.SCOPES:
        _build(stage, measured, scope, expected)


def _build(
    stage: Stage, measured: Measured, scope: build_table.Scope, expected: list[tuple[object, ...]]
) -> None:
    build = [*loader(), "build", *scope.arguments]
    stage.fresh(stage.empty)
    seconds = stage.timed(*build, "--full-refresh")
    measured.add(scope.empty, seconds, node_seconds(stage.folder))
    measured.add(scope.empty_again, stage.timed(*build), node_seconds(stage.folder))

    stage.fresh(stage.month)
    with Watch(stage.variables) as watch:
        seconds = stage.timed(*build, "--full-refresh")
    measured.add(scope.full, seconds, node_seconds(stage.folder))
    if scope is build_table.PROJECT:
        measured.disk.append(build_table.Disk(watch.before, watch.most, watch.after, watch.wal))
    if stage.answers(_COSTS_OF_MARTS) != expected:
        message = "the marts cost other amounts than the SQL by hand"
        raise SystemExit(message)

    measured.add(scope.nothing_new, stage.timed(*build), node_seconds(stage.folder))
    stage.timed(*loader(), "load", str(stage.folder / "day.csv"))
    measured.add(scope.day, stage.timed(*build), node_seconds(stage.folder))


@contextmanager
def _stage(rows: int) -> Iterator[Stage]:
    suffix = secrets.token_hex(4)
    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        environment = environment_in(folder)
        names = [f"build_bench_{kind}_{suffix}" for kind in ("empty", "month", "run")]
        stage = Stage(folder, environment, *names)
        write_days(folder / "month.csv", rows, FIRST_DAY, _DAYS)
        write_days(folder / "day.csv", rows // _DAYS, FIRST_DAY + timedelta(days=_DAYS), 1)
        try:
            _prepare(stage)
            yield stage
        finally:
            with connect(environment) as server:
                for name in names:
                    drop(server, name)


def _prepare(stage: Stage) -> None:
    """Make the templates. The build on a copy, which nobody counts, leaves dbt's parsed project."""
    with connect(stage.environment) as server:
        create(server, stage.empty)
        # Of one seed alone: for it, the raw tables of every source are made.
        seed = [*loader(), "build", "--select", "teams", "--resource-type", "seed"]
        run(seed, stage.environment | {"PGDATABASE": stage.empty})
        copy(server, stage.month, stage.empty)
        load(stage.folder / "month.csv", stage.environment | {"PGDATABASE": stage.month})
    stage.fresh(stage.empty)
    stage.timed(*loader(), "build", "--full-refresh")


if __name__ == "__main__":
    main()
