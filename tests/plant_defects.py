"""Plants the defects of tests/planted.py one at a time in a copy of the project.

    make defects
    python tests/plant_defects.py --only remainder --write

Each must make the test that is named beside it fail. Prints the table of what caught them, and
--write puts it into docs/tests.md; ends with 1 when one was not caught. The copy builds the samples
once, on a throw-away database of the configured server; each defect is built on a copy of that.
"""

import argparse
import os
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from databases import connect_to
from dbt.cli.main import dbtRunner
from planted import DEFECTS, Defect, Edit
from psycopg import sql

ROOT = Path(__file__).resolve().parents[1]
MARKERS = "<!-- defects: start -->", "<!-- defects: end -->"
_COPIED = ("models", "macros", "seeds", "tests", "samples", "loader", "docs")
_AS_OF = "2026-11-03T06:00:00Z"


@dataclass(frozen=True)
class Bench:
    """A copy of the project, and the names of its database and of the one it is made from."""

    folder: Path
    name: str
    template: str

    def fresh(self) -> None:
        """Make the database anew, as the samples were built without a defect."""
        _drop(self.name)
        _execute("create database {} template {} strategy file_copy", self.name, self.template)


def main() -> int:
    """Plant what the arguments ask for; return 1 when a defect is not caught."""
    options = _options()
    rows, missed = [], 0
    with _bench() as bench:
        for defect in (one for one in DEFECTS if options.only in one.name):
            started = time.monotonic()
            is_caught = _is_caught(bench, defect)
            seconds = time.monotonic() - started
            missed += not is_caught
            test = f"`{defect.caught_by.rpartition('::')[2]}`" if is_caught else "**not caught**"
            file = f"`{Path(defect.edit.file).name}`"
            rows.append(f"| {defect.name} | {file} | {test} | {seconds:.0f} |")
            _say(rows[-1])
    table = ["| planted | in | caught by | s |", "| --- | --- | --- | --: |", *rows]
    _say("\n".join(["", *table, "", f"{len(rows) - missed} of {len(rows)} caught"]))
    if options.write:
        _write(table)
    return int(missed > 0 or not rows)


def _is_caught(bench: Bench, defect: Defect) -> bool:
    """Plant a defect, run what it needs, and take it out again."""
    bench.fresh()
    with _planted(bench.folder, defect.edit):
        if "::" in defect.caught_by:
            return _fails_in_pytest(bench, defect.caught_by)
        if defect.models:
            _built(defect.models)
        if defect.then is None:
            return defect.caught_by in _dbt("test", "--select", defect.caught_by)
        with _planted(bench.folder, defect.then):
            _built(defect.models)
            return defect.caught_by in _dbt("test", "--select", defect.caught_by)


@contextmanager
def _planted(folder: Path, edit: Edit) -> Iterator[None]:
    path = folder / edit.file
    sound = path.read_text(encoding="utf-8")
    if edit.before not in sound:
        message = f"{edit.file} does not hold what a defect takes the place of:\n{edit.before}"
        raise SystemExit(message)
    path.write_text(sound.replace(edit.before, edit.after), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(sound, encoding="utf-8")


def _built(models: tuple[str, ...]) -> None:
    """Build models and seeds, without their tests."""
    only = ["--resource-type", "model", "--resource-type", "seed"]
    failed = _dbt("build", *only, "--select", *models)
    if failed:
        message = f"a planted defect keeps {', '.join(sorted(failed))} from being built"
        raise SystemExit(message)


def _dbt(command: str, *arguments: str) -> set[str]:
    """Run dbt, without what it prints; return the names of what failed."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        ended = dbtRunner().invoke([command, "--quiet", *arguments])
    if ended.exception or not ended.result.results:
        why = ended.exception or "nothing of that name is there"
        message = f"dbt {command} {' '.join(arguments)}: {why}"
        raise SystemExit(message)
    return {node.node.name for node in ended.result if node.status in {"fail", "error"}}


def _fails_in_pytest(bench: Bench, test: str) -> bool:
    ended = subprocess.run(
        [*(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"), test],
        cwd=bench.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode == 1 and f"FAILED {test}" in ended.stdout


@contextmanager
def _bench() -> Iterator[Bench]:
    suffix = secrets.token_hex(4)
    with tempfile.TemporaryDirectory(prefix="defects-") as named:
        bench = Bench(Path(named), f"defects_{suffix}", f"defects_sound_{suffix}")
        _copy(bench.folder)
        os.environ |= _configured() | {
            "LOADER_AS_OF": _AS_OF,
            "DBT_PROFILES_DIR": named,
            "DO_NOT_TRACK": "1",
            "MONEY_SHRINK": "no",
            "PYTHONPATH": named,
        }
        for name in ("LOADER_SEEDS", "DBT_SCHEMA", "DBT_TARGET_PATH", "DBT_LOG_PATH"):
            os.environ.pop(name, None)
        try:
            with chdir(bench.folder):
                _prepare(bench)
                yield bench
        finally:
            for name in (bench.name, bench.template):
                _drop(name)


def _copy(folder: Path) -> None:
    unwanted = shutil.ignore_patterns("__pycache__", ".*")
    for name in _COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=unwanted)
    for name in ("dbt_project.yml", "pyproject.toml", "profiles.example.yml"):
        shutil.copyfile(ROOT / name, folder / name)
    shutil.copyfile(folder / "profiles.example.yml", folder / "profiles.yml")


def _configured() -> dict[str, str]:
    """Return the PG* variables of the project's server, which is started if it is its own."""
    command = [sys.executable, "-m", "loader", "db", "env"]
    shown = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    lines = [line.removeprefix("export ") for line in shown.splitlines() if "=" in line]
    parts = [shlex.split(line)[0].partition("=") for line in lines]
    return {name: value for name, _, value in parts}


def _prepare(bench: Bench) -> None:
    """Build the samples by the name that every defect is built by: dbt keeps what it parsed."""
    _execute("create database {} template template0", bench.name)
    os.environ["PGDATABASE"] = bench.name
    _say("building the samples without a defect")
    demo = [sys.executable, "-m", "loader", "demo", "--out", str(bench.folder / "page.html")]
    done = subprocess.run(demo, check=False, capture_output=True, text=True)
    if done.returncode:
        message = f"the samples do not build without a defect\n{done.stdout}{done.stderr}"
        raise SystemExit(message)
    _execute("alter database {} rename to {}", bench.name, bench.template)


def _drop(name: str) -> None:
    _execute("drop database if exists {} with (force)", name)


def _execute(statement: str, *names: str) -> None:
    environment = dict(os.environ) | {"PGDATABASE": "postgres"}
    with connect_to(environment) as connection:
        identifiers = [sql.Identifier(name) for name in names]
        connection.execute(sql.SQL(statement).format(*identifiers))


def _write(table: list[str]) -> None:
    page = ROOT / "docs" / "tests.md"
    before, start, rest = page.read_text(encoding="utf-8").partition(MARKERS[0])
    _, end, after = rest.partition(MARKERS[1])
    text = "\n".join(table)
    page.write_text(f"{before}{start}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="", help="defects whose name holds this")
    parser.add_argument("--write", action="store_true", help="put the table into docs/tests.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
