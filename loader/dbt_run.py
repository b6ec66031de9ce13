"""One run of dbt in this process, and what came of it.

dbt's import alone costs seconds, so it happens here, and only when something is built.
"""

import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from loader.errors import UsageError
from loader.personal_data import masked
from loader.problems import counted
from loader.project import Project
from loader.seeds import SeedTest

OnNode = Callable[[int, int, str], None]

# An exposure is no-op: there is nothing to run.
_PASSED = {"pass", "success", "warn", "no-op"}
_FOUND_ROWS = {"fail", "warn"}
_PLACE = re.compile(r"^[A-Z]\w+ Error in \w+ \S+ \([^)]*\) ")
# PostgreSQL's DETAIL and CONTEXT quote rows.
_QUOTING = ("DETAIL:", "CONTEXT:")
_CHANGED = ("@@", "→", "+++", "---")
_OWN_COLUMNS = {"column_name", "model"}


@dataclass(frozen=True)
class Failure:
    """A node that did not pass, and why; `compiled` is a file of SQL that finds wrong rows.

    `rows` are the first of them in words. `is_kept` says whether what was built stays there.
    """

    kind: str
    name: str
    path: str
    reason: str
    compiled: str | None = None
    rows: Sequence[str] = ()
    is_kept: bool = True

    def __str__(self) -> str:
        """Return what failed, where and why, its first rows, and how to see more of it."""
        lines = [f"{self.path}: {named(self.kind)} {self.name}", self.reason, *self.rows]
        if self.is_kept:
            lines.append(
                f"its rows: loader db psql -f {self.compiled}"
                if self.compiled and self.kind == "test"
                else f"dbt's own log: loader build --verbose --select {self.name}"
            )
        return "\n  ".join(line.replace("\n", "\n  ") for line in lines)


def named(kind: str) -> str:
    """Return what people call a kind of node."""
    return {"test": "data test", "unit_test": "unit test"}.get(kind, kind)


@dataclass(frozen=True)
class DbtRun:
    """What dbt did: nodes that passed by kind (model, seed, test, unit_test), and the others."""

    passed: Mapping[str, int]
    failures: Sequence[Failure]
    warnings: Sequence[Failure]
    seed_tests: Sequence[SeedTest]
    skipped: int
    seconds: float


def run_dbt(
    project: Project,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    quiet: bool,
    on_node: OnNode | None,
) -> DbtRun:
    """Run `dbt build` with these arguments of its own; `quiet` keeps its log from the output.

    Raises `UsageError` when dbt cannot read the project.
    """
    started = time.monotonic()
    results = invoke(project, ["build", *arguments], environment, quiet=quiet, on_node=on_node)
    return summed_up(results, time.monotonic() - started)


def invoke(
    project: Project,
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    quiet: bool,
    on_node: OnNode | None = None,
) -> Any:  # noqa: ANN401  # dbt's results are untyped
    """Run any command of dbt and return dbt's own result.

    Raises `UsageError` when dbt cannot read the project; `KeyboardInterrupt` is passed on.
    """
    from dbt.cli.main import dbtRunner  # noqa: PLC0415  # the import costs seconds

    def tell(event: Any) -> None:  # noqa: ANN401  # dbt's events are untyped
        if on_node and event.info.name == "LogStartLine":
            on_node(event.data.index, event.data.total, event.data.description)

    place = ["--project-dir", str(project.root), "--profiles-dir", str(project.root)]
    volume = ["--log-level", "none"] if quiet else []
    with _environment(environment):
        outcome = dbtRunner(callbacks=[tell]).invoke([*command, *volume, *place])
    if isinstance(outcome.exception, KeyboardInterrupt):
        raise outcome.exception
    if outcome.exception is not None:
        message = f"dbt could not start: {outcome.exception}"
        raise UsageError(message)
    return outcome.result


def summed_up(run: Any, seconds: float) -> DbtRun:  # noqa: ANN401  # dbt's results are untyped
    """Return what the results of a run of dbt come to."""
    passed: Counter[str] = Counter()
    failures, warnings, seed_tests = list[Failure](), list[Failure](), list[SeedTest]()
    skipped = 0
    for result in run.results:
        status = str(result.status)
        if status == "skipped":
            skipped += 1
            continue
        if status in _PASSED:
            passed[str(result.node.resource_type)] += 1
        else:
            failures.append(_failure(result))
        if status == "warn":
            warnings.append(_failure(result))
        if status == "fail" and (test := _seed_test(result.node)):
            seed_tests.append(test)
    return DbtRun(dict(passed), failures, warnings, seed_tests, skipped, seconds)


def _failure(result: Any) -> Failure:  # noqa: ANN401  # dbt's results are untyped
    node, kind = result.node, str(result.node.resource_type)
    message = str(result.message or result.status)
    if result.status in _FOUND_ROWS:
        compiled = getattr(node, "compiled_path", None)
        if kind == "unit_test":
            return Failure(kind, node.name, node.original_file_path, _difference(message))
        return Failure(kind, node.name, node.original_file_path, _count(result.failures), compiled)
    return Failure(kind, node.name, node.original_file_path, _reason(message))


def _count(rows: int) -> str:
    return f"{counted(rows, 'row')} {'is' if rows == 1 else 'are'} wrong"


def _reason(message: str) -> str:
    """Return an error in one line, without its place and what PostgreSQL quotes of rows."""
    lines = message.splitlines()
    kept = takewhile(lambda line: not line.strip().startswith(_QUOTING), lines)
    return masked(_PLACE.sub("", " ".join(" ".join(kept).split())))


def _difference(message: str) -> str:
    """Return the header and the changed rows of a unit test, one a line."""
    lines = [line.rstrip() for line in message.splitlines()]
    return "\n".join(line for line in lines if line.startswith(_CHANGED)) or _reason(message)


def _seed_test(node: Any) -> SeedTest | None:  # noqa: ANN401  # dbt's nodes are untyped
    """Return the test if it is a generic one on a seed, and looks at nothing but seeds."""
    seed = getattr(node, "attached_node", None) or ""
    parents = node.depends_on.nodes
    if not seed.startswith("seed.") or any(not name.startswith("seed.") for name in parents):
        return None
    kind, arguments = node.test_metadata.name, dict(node.test_metadata.kwargs)
    column = arguments.get("column_name")
    given = {name: value for name, value in arguments.items() if name not in _OWN_COLUMNS}
    return SeedTest(node.name, kind, seed.rsplit(".", 1)[1], node.compiled_code, column, given)


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
