"""Builds the marts: seeds looked through, then `dbt build`, on the loader's connection."""

import hashlib
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from psycopg import Connection

from loader import (
    __version__,
    builds_table,
    closing_tables,
    layout,
    locks,
    raw_tables,
    relations,
)
from loader.connection import connect, dbt_environment
from loader.dbt_run import DbtRun, Failure, OnNode, named, run_dbt
from loader.errors import LoaderError, UsageError
from loader.exports import read_exports
from loader.failing_rows import with_rows
from loader.problems import counted
from loader.project import Project
from loader.seeds import Seed, SeedProblem, check_seeds, explain, read_seeds, told

_MAX_SHOWN = 10
_BUILD_LOCK = "loader: dbt build"
_BUILT_FROM = {".sql", ".yml", ".csv", ".md"}
# What a build of everything may be asked with.
_WHOLE = {"--full-refresh"}


class BuildFailedError(LoaderError):
    """`dbt build` ended with errors or failing tests. Exit code 1."""


@dataclass(frozen=True)
class BuildResult:
    """What a build did: nodes that passed by kind (model, seed, test, unit test), and seconds.

    `problems` are wrong rows of seeds: found before dbt ran, which then did not run, or by tests.
    """

    passed: Mapping[str, int]
    failures: Sequence[Failure]
    skipped: int
    seconds: float
    warnings: Sequence[Failure] = ()
    problems: Sequence[SeedProblem] = ()

    @property
    def is_good(self) -> bool:
        """Whether everything that was to be built was built and passed."""
        return not (self.failures or self.skipped or self.problems)

    @property
    def summary(self) -> str:
        """The counts as a phrase, such as `35 models, 11 seeds and 408 tests passed`."""
        if self.problems and not self.passed:
            return "nothing was built"
        kinds = ("seed", "model", "test", "unit_test")
        words = [counted(self.passed[kind], named(kind)) for kind in kinds if self.passed.get(kind)]
        phrase = " and ".join([", ".join(words[:-1]), words[-1]]) if words[1:] else "".join(words)
        ends = [
            f"{len(self.warnings)} of them with a warning" if self.warnings else "",
            f"{len(self.failures)} failed" if self.failures else "",
            f"{self.skipped} skipped" if self.skipped else "",
        ]
        return ", ".join([f"{phrase or 'nothing'} passed", *filter(None, ends)])

    def explanation(self) -> list[str]:
        """Return what went wrong, where and what to do: wrong rows of seeds, then other nodes."""
        explained = {problem.test for problem in self.problems}
        others = [failure for failure in self.failures if failure.name not in explained]
        hidden = len(others) - _MAX_SHOWN
        return [
            *told(self.problems),
            *(str(failure) for failure in others[:_MAX_SHOWN]),
            *([f"{hidden} more failures are not shown: loader build --verbose"] * (hidden > 0)),
            *(f"warning: {warning}" for warning in self.warnings),
        ]

    def raise_failures(self) -> None:
        """Raise `BuildFailedError`, which explains what failed, unless everything passed."""
        if not self.is_good:
            raise BuildFailedError("\n".join([*self.explanation(), f"dbt build: {self.summary}"]))


def build(
    project: Project,
    arguments: Sequence[str] = (),
    *,
    seeds: Path | None = None,
    quiet: bool = False,
    on_node: OnNode | None = None,
) -> BuildResult:
    """Run `dbt build` on the configured database and return what passed and what did not.

    `arguments` are dbt's own, such as `--select`. `seeds` is another folder of decisions than
    `seeds/`. `on_node` is told of each node begun: its number, the number of all, and what it is.
    Seeds that PostgreSQL would not take are named, and nothing is built. The raw tables are created
    first, so that a vendor without files builds as an empty one. Tables that an earlier version
    of the project built with other columns are built anew. One build runs at a time on a
    database; another waits. Raises `DatabaseError`, and `UsageError` when dbt cannot read the
    project.
    """
    environment = {**dbt_environment(project), "DO_NOT_TRACK": "1"}
    if seeds is not None:
        environment["LOADER_SEEDS"] = _inside(project, seeds)
    ensure_profile(project)
    declared = read_seeds(project, seeds)
    with connect(project, autocommit=True) as connection, one_at_a_time(connection):
        if refused := check_seeds(connection, declared):
            return BuildResult({}, (), 0, 0.0, problems=refused)
        exports = read_exports(project)
        raw_tables.prepare(connection, exports)
        raw_tables.analyze(connection, exports)
        before = fingerprint(connection, project, seeds)
        started = time.time()
        anew = ["--full-refresh"] if layout.outdated(connection, project, _schema_prefix()) else []
        run = run_dbt(project, [*arguments, *anew], environment, quiet=quiet, on_node=on_node)
        result = explained(
            connection, project, run, declared, schema=f"{_schema_prefix()}reference"
        )
        if result.is_good and set(arguments) <= _WHOLE:
            nodes = sum(result.passed.values())
            builds_table.remember(connection, before, _schema_prefix(), (started, nodes))
        return result


def explained(
    connection: Connection, project: Project, run: DbtRun, declared: Sequence[Seed], *, schema: str
) -> BuildResult:
    """Return the result of a run of dbt, with the wrong rows of seeds and those of other tests.

    `schema` holds the tables of the seeds. `connection` must not be in a transaction.
    """
    problems = explain(connection, schema, declared, run.seed_tests)
    told_already = {problem.test for problem in problems}
    failures, warnings = (
        with_rows(connection, project, failed, but=told_already)
        for failed in (run.failures, run.warnings)
    )
    return BuildResult(run.passed, failures, run.skipped, run.seconds, warnings, problems)


def is_current(
    connection: Connection, project: Project, seeds: Path | None = None, *, closings: bool = True
) -> bool:
    """Say whether the last full build was of these loads, closed months, models and seeds.

    Without `closings`, months that were closed or reopened since do not count: only statements
    depend on them.
    """
    if not relations.exists(connection, f"{_schema_prefix()}marts.rpt_costs_monthly"):
        return False
    last = builds_table.last(connection, _schema_prefix())
    if last is None:
        return False
    built, finished_at = last
    return built == fingerprint(connection, project, seeds, None if closings else finished_at)


def current_seeds(
    connection: Connection, project: Project, *, closings: bool = True
) -> Path | None:
    """Return the folder of seeds the marts are of, the project's own or the demo's.

    None says that the last full build was not of the loads, closed months, models and seeds there
    are; without `closings`, those of closed months do not matter.
    """
    for folder in dict.fromkeys((project.seeds, project.demo_seeds)):
        if is_current(connection, project, folder, closings=closings):
            return folder
    return None


def fingerprint(
    connection: Connection,
    project: Project,
    seeds: Path | None = None,
    closed_by: datetime | None = None,
) -> str:
    """Return a digest of everything the marts are made from; `closed_by` is what closings count."""
    digest = hashlib.sha256(f"{__version__} {_schema_prefix()}".encode())
    folders = [project.root / name for name in ("models", "macros", "tests")]
    files = [project.root / "dbt_project.yml"]
    for folder in [*folders, seeds or project.seeds]:
        files += [path for path in folder.rglob("*") if path.suffix in _BUILT_FROM]
    for path in sorted(files):
        digest.update(f"{path.name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    loads = connection.execute(
        "select load_id from loader.loads where status = 'loaded' order by load_id"
    )
    digest.update(repr([load_id for (load_id,) in loads]).encode())
    digest.update(repr(closing_tables.in_force(connection, closed_by)).encode())
    return digest.hexdigest()


def _schema_prefix() -> str:
    """Return what the developer's own target schema puts before each schema dbt writes."""
    schema = os.environ.get("DBT_SCHEMA", "public")
    return "" if schema == "public" else f"{schema}_"


def ensure_profile(project: Project) -> None:
    """Put `profiles.yml` in the project if there is none; the example holds no secret."""
    profile = project.root / "profiles.yml"
    if not profile.exists():
        example = project.root / "profiles.example.yml"
        profile.write_text(example.read_text(encoding="utf-8"), encoding="utf-8")


def _inside(project: Project, seeds: Path) -> str:
    """Return the path, from the project, of the seeds or of a copy of them in `target/`.

    dbt writes what it ran to `target/run/` + the seed's path: by a path that leads out of the
    project it would write over the seeds themselves.
    """
    folder = seeds.absolute()
    if not folder.is_dir():
        message = f"{seeds}: no such folder of seeds"
        raise UsageError(message, "name a folder with the CSV files that seeds/ has")
    if not folder.is_relative_to(project.root):
        digest = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
        copy = project.root / "target" / f"seeds-{digest}"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy)
        folder = copy
    return folder.relative_to(project.root).as_posix()


def one_at_a_time(connection: Connection) -> AbstractContextManager[None]:
    """Wait until no other build or closing of a month is at work, and keep others out."""
    return locks.alone(connection, _BUILD_LOCK)
