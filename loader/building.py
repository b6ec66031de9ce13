"""Builds the marts: `dbt build` in this process, on the loader's connection.

dbt's import alone costs seconds, so it happens once, here, and only when something is built.
"""

import hashlib
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from psycopg import Connection

from loader import __version__, layout, raw_tables
from loader.connection import connect, dbt_environment
from loader.errors import LoaderError, UsageError
from loader.exports import read_exports
from loader.project import Project

_BUILD_LOCK = "loader: dbt build"
_BUILT_FROM = {".sql", ".yml", ".csv", ".md"}
_TABLE = """
create table if not exists loader.builds (
    build_id bigint generated always as identity primary key,
    fingerprint text not null,
    nodes bigint not null,
    started_at timestamptz not null,
    finished_at timestamptz not null default clock_timestamp()
)
"""
_COMMENTS = """
comment on table loader.builds is 'One row for each dbt build of everything that succeeded.';
comment on column loader.builds.build_id is 'Number of the build.';
comment on column loader.builds.fingerprint is 'Digest of loads, models, seeds and tests built.';
comment on column loader.builds.nodes is 'Number of models, seeds and tests that passed.';
comment on column loader.builds.started_at is 'When the build began.';
comment on column loader.builds.finished_at is 'When the build ended.'
"""


class BuildFailedError(LoaderError):
    """`dbt build` ended with errors or failing tests. Exit code 1."""


@dataclass(frozen=True)
class Failure:
    """A model, seed or test that did not pass, and dbt's reason."""

    name: str
    path: str
    reason: str


@dataclass(frozen=True)
class BuildResult:
    """What a build did: nodes that passed by kind (model, seed, test, unit test), and seconds."""

    passed: Mapping[str, int]
    failures: Sequence[Failure]
    skipped: int
    seconds: float

    @property
    def summary(self) -> str:
        """The counts as a phrase, such as `35 models, 11 seeds and 408 tests passed`."""
        words = [
            f"{self.passed[kind]} {label}"
            for kind, label in (
                ("seed", "seeds"),
                ("model", "models"),
                ("test", "data tests"),
                ("unit_test", "unit tests"),
            )
            if self.passed.get(kind)
        ]
        phrase = " and ".join([", ".join(words[:-1]), words[-1]]) if words[1:] else "".join(words)
        ends = [f"{len(self.failures)} failed"] if self.failures else []
        ends += [f"{self.skipped} skipped"] if self.skipped else []
        return ", ".join([f"{phrase or 'nothing'} passed", *ends])

    def raise_failures(self) -> None:
        """Raise `BuildFailedError`, naming the first ten failures, unless everything passed."""
        if self.failures or self.skipped:
            message = f"dbt build: {self.summary}"
            reasons = [f"{failure.name}: {failure.reason}" for failure in self.failures[:10]]
            raise BuildFailedError(message, *reasons, "see each one in full with: make build")


def build(
    project: Project,
    arguments: Sequence[str] = (),
    *,
    seeds: Path | None = None,
    quiet: bool = False,
    on_node: Callable[[int, int, str], None] | None = None,
) -> BuildResult:
    """Run `dbt build` on the configured database and return what passed and what did not.

    `arguments` are dbt's own, such as `--select`. `seeds` is another folder of decisions than
    `seeds/`. `on_node` is told of each node begun: its number, the number of all, and what it is.
    The raw tables are created first, so that a vendor without files builds as an empty one. Tables
    that an earlier version of the project built with other columns are built anew. One
    build runs at a time on a database; another waits. Raises `DatabaseError`, and `UsageError` when
    dbt cannot read the project.
    """
    environment = {**dbt_environment(project), "DO_NOT_TRACK": "1"}
    if seeds is not None:
        environment["LOADER_SEEDS"] = _inside(project, seeds)
    ensure_profile(project)
    with connect(project, autocommit=True) as connection, _one_at_a_time(connection):
        exports = read_exports(project)
        raw_tables.prepare(connection, exports)
        raw_tables.analyze(connection, exports)
        before = fingerprint(connection, project, seeds)
        started = time.time()
        anew = ["--full-refresh"] if layout.outdated(connection, project, _schema_prefix()) else []
        options = [*arguments, *anew]
        result = _run_dbt(project, options, environment, quiet=quiet, on_node=on_node)
        if not arguments and not result.failures and not result.skipped:
            _remember(connection, before, result, started)
        return result


def is_current(connection: Connection, project: Project, seeds: Path | None = None) -> bool:
    """Say whether the last full build was of exactly these loads, models, seeds and tests."""
    exists = connection.execute(
        "select to_regclass('loader.builds') is not null and to_regclass(%s) is not null",
        [f"{_schema_prefix()}marts.rpt_costs_monthly"],
    ).fetchone()
    if exists is None or not exists[0]:
        return False
    last = connection.execute(
        "select fingerprint from loader.builds order by build_id desc limit 1"
    ).fetchone()
    return last is not None and last[0] == fingerprint(connection, project, seeds)


def fingerprint(connection: Connection, project: Project, seeds: Path | None = None) -> str:
    """Return a digest of everything the marts are made from."""
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


@contextmanager
def _one_at_a_time(connection: Connection) -> Iterator[None]:
    key = [_BUILD_LOCK]
    connection.execute(
        "select pg_catalog.pg_advisory_lock(pg_catalog.hashtextextended(%s, 0))", key
    )
    try:
        yield
    finally:
        connection.execute(
            "select pg_catalog.pg_advisory_unlock(pg_catalog.hashtextextended(%s, 0))", key
        )


def _run_dbt(
    project: Project,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    quiet: bool,
    on_node: Callable[[int, int, str], None] | None,
) -> BuildResult:
    from dbt.cli.main import dbtRunner  # noqa: PLC0415  # the import costs seconds

    def tell(event: Any) -> None:  # noqa: ANN401  # dbt's events are untyped
        if on_node and event.info.name == "LogStartLine":
            on_node(event.data.index, event.data.total, event.data.description)

    place = ["--project-dir", str(project.root), "--profiles-dir", str(project.root)]
    volume = ["--log-level", "none"] if quiet else []
    started = time.monotonic()
    with _environment(environment):
        outcome = dbtRunner(callbacks=[tell]).invoke(["build", *volume, *place, *arguments])
    if outcome.exception is not None:
        message = f"dbt could not start: {outcome.exception}"
        raise UsageError(message)
    return _result(outcome.result, time.monotonic() - started)


def _result(run: Any, seconds: float) -> BuildResult:  # noqa: ANN401  # dbt's results are untyped
    passed: Counter[str] = Counter()
    failures: list[Failure] = []
    skipped = 0
    for result in run.results:
        status = str(result.status)
        if status in {"pass", "success", "warn"}:
            passed[str(result.node.resource_type)] += 1
        elif status == "skipped":
            skipped += 1
        else:
            failures.append(_failure(result))
    return BuildResult(dict(passed), tuple(failures), skipped, seconds)


def _failure(result: Any) -> Failure:  # noqa: ANN401  # dbt's results are untyped
    # PostgreSQL's DETAIL and CONTEXT quote rows.
    lines = str(result.message or result.status).splitlines()
    kept = takewhile(lambda line: not line.strip().startswith(("DETAIL:", "CONTEXT:")), lines)
    reason = " ".join(" ".join(kept).split())
    return Failure(result.node.name, result.node.original_file_path, reason)


def _remember(
    connection: Connection, fingerprint_built: str, result: BuildResult, started: float
) -> None:
    connection.execute(_TABLE)
    connection.execute(_COMMENTS)
    connection.execute(
        "insert into loader.builds (fingerprint, nodes, started_at)"
        " values (%s, %s, to_timestamp(%s))",
        [fingerprint_built, sum(result.passed.values()), started],
    )


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for as long as dbt runs, because it reads its profile from them."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
