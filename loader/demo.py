"""The demo: samples in, money by team out, in four steps that each say what they found.

Every step is safe to repeat: what is loaded stays loaded, what is built is built only when
something changed since.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import typer
from psycopg import Connection

from loader import raw_tables
from loader.building import build, is_current
from loader.connection import connect, describe
from loader.errors import UsageError
from loader.exports import read_exports
from loader.inputs import expand
from loader.loading import Request, Session, load_file
from loader.progress import node_progress, progress_bar
from loader.project import Project, require_own_schemas
from loader.report import summary_table, write_report
from loader.starting import sample_loads


@dataclass(frozen=True)
class Loaded:
    """What loading the samples came to."""

    files: int
    new_files: int
    rows: int


def load_samples(connection: Connection, project: Project) -> Loaded:
    """Load every sample export; raise `UsageError` when the database holds somebody's own data.

    `connection` must be in autocommit.
    """
    exports = read_exports(project)
    raw_tables.prepare(connection, exports)
    _refuse_own_data(connection, project)
    files = expand([str(project.samples)])
    session = Session(connection, partial(connect, project, autocommit=True))
    request = Request(exports)
    new_files = rows = 0
    with progress_bar(files) as bar:
        for file in files:
            outcome = load_file(session, file, request, progress=bar.begin(file))
            new_files += outcome.status == "loaded"
            rows += outcome.counts.loaded
    return Loaded(len(files), new_files, rows)


def _refuse_own_data(connection: Connection, project: Project) -> None:
    own = connection.execute(
        "select count(*) from loader.loads where status = 'loaded' and load_id != all(%s)",
        [sample_loads(connection, project)],
    ).fetchone()
    if own is not None and own[0]:
        message = f"this database holds {own[0]} loads that are not the demo's"
        raise UsageError(
            message,
            "the demo would mix its costs with them and did nothing",
            "name an empty database for it, for instance with PGDATABASE",
        )


def run(project: Project, page: Path) -> None:
    """Load the samples, build, write the page, and print cost by team and what to do next.

    Raises `LoaderError`; what was done before the error stays, and a rerun goes on from there.
    """
    require_own_schemas("the demo and its page work")
    with _step("server") as say:
        say(describe(project))
    with connect(project, autocommit=True) as connection:
        with _step("samples") as say:
            loaded = load_samples(connection, project)
            new = f"{loaded.new_files} of them new" if loaded.new_files else "all there already"
            say(f"{loaded.rows:,} rows in {loaded.files} files, {new}")
        with _step("marts") as say:
            say(build_samples(connection, project))
        with _step("page") as say:
            say(str(write_report(connection, page).path))
        for table in summary_table(connection):
            typer.echo(f"\n{table}")
        typer.echo()
    typer.echo(_next_steps(project, page))


def build_samples(connection: Connection, project: Project) -> str:
    """Build the marts with the demo's decisions unless they are current; return what happened."""
    if is_current(connection, project, project.demo_seeds):
        return "nothing changed since the last build"
    with node_progress() as on_node:
        result = build(project, seeds=project.demo_seeds, quiet=True, on_node=on_node)
    result.raise_failures()
    return result.summary


def _next_steps(project: Project, page: Path) -> str:
    address = describe(project).partition(" at ")[2]
    host, _, dbname = address.partition("/")
    return "\n".join(
        (
            "What next",
            f"  open the page       {page}",
            "  ask in SQL          .venv/bin/loader db psql -c 'table marts.rpt_costs_monthly'",
            f"  connect a BI tool   PostgreSQL at {host}, database {dbname}, schema marts;",
            "                      user and password: .venv/bin/loader db reporter",
            "  load your own       .venv/bin/loader init, then .venv/bin/loader load PATH…",
        )
    )


@contextmanager
def _step(name: str) -> Iterator[Callable[[str], None]]:
    """Time a step and print one line about it, of what it said."""
    started = time.monotonic()
    said: list[str] = []
    yield said.append
    typer.echo(f"{name:<8} {' '.join(said)}  ({time.monotonic() - started:.1f} s)")
