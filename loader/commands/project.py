"""The commands that work on the whole project: `init`, `build`, `report` and `demo`."""

from pathlib import Path
from typing import Annotated

import typer

from loader.building import build as build_marts
from loader.building import current_seeds
from loader.commands.context import project_of
from loader.commands.json_output import print_json
from loader.connection import connect, is_own_server
from loader.embedded import EmbeddedServer
from loader.errors import LoaderError
from loader.progress import node_progress
from loader.project import require_own_schemas
from loader.starting import Started, start, withdraw_samples

_PAGE = Path("report.html")


def init(context: typer.Context) -> None:
    """Ready the project for your own data: empty decisions, the public price list, a profile.

    The first time, what stands in seeds/ moves to samples/_seeds, and the demo's loads are
    withdrawn; nothing is deleted. Later, seeds/ is yours and is kept. Example: loader init
    """
    project = project_of(context)
    for line in _changes(start(project)):
        typer.echo(line)
    if is_own_server(project) or EmbeddedServer(project.server_home).status().data.exists():
        try:
            with connect(project, autocommit=True) as connection:
                if withdrawn := withdraw_samples(connection, project):
                    typer.echo(f"withdrew {withdrawn} loads of the demo; build to see it")
        except LoaderError as error:
            typer.echo(f"the demo's loads were not withdrawn: {error}", err=True)
            typer.echo("run loader init again once the database answers", err=True)
    typer.echo(_next_steps())


def build(
    context: typer.Context,
    arguments: Annotated[
        list[str] | None, typer.Argument(help="Handed to dbt as they are.", metavar="[ARGS]…")
    ] = None,
    *,
    seeds: Annotated[
        Path | None, typer.Option(help="Decide by the seeds of another folder.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show dbt's own log.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Run dbt build, seeds and tests included, on the configured database.

    What failed is explained on standard error: rows of seeds by file and line, tests with the way
    to their rows. Example: loader build --select fct_charges+
    """
    quiet = as_json or not verbose
    with node_progress(quiet=not quiet) as on_node:
        result = build_marts(
            project_of(context), arguments or (), seeds=seeds, quiet=quiet, on_node=on_node
        )
    if as_json:
        print_json(result)
    else:
        for line in result.explanation():
            typer.echo(line, err=True)
        typer.echo(f"dbt build: {result.summary} in {result.seconds:.1f} s")
    if not result.is_good:
        raise typer.Exit(1)


def report(
    context: typer.Context,
    *,
    out: Annotated[Path, typer.Option(help="File to write, replaced when it is there.")] = _PAGE,
) -> None:
    """Write the costs as one HTML page that opens without a network.

    Example: loader report --out october.html
    """
    # The page's libraries are imported by those who want a page, not by every start of a load.
    from loader.report import write_report  # noqa: PLC0415

    project = project_of(context)
    require_own_schemas("the page works")
    with connect(project, autocommit=True) as connection:
        summary = write_report(connection, out)
        if current_seeds(connection, project) is None:
            typer.echo("warning: the last full build that passed was not of these loads,", err=True)
            typer.echo("seeds and models; run make build, then loader report again", err=True)
    typer.echo(f"wrote {summary.path} ({summary.bytes:,} bytes)")


def demo(
    context: typer.Context,
    *,
    out: Annotated[Path | None, typer.Option(help="The page to write.")] = None,
) -> None:
    """Load the samples, build the marts, write the page, and show what each team costs.

    Example: loader demo
    """
    from loader import demo as demo_steps  # noqa: PLC0415  # it imports the page's libraries

    project = project_of(context)
    demo_steps.run(project, out or project.root / _PAGE)


def _changes(started: Started) -> list[str]:
    lines = []
    if started.put_aside:
        lines.append(f"moved the demo's {len(started.put_aside)} seeds to samples/_seeds")
    if started.written:
        lines.append(f"wrote seeds/ anew: {', '.join(started.written)}")
    if started.profile_written:
        lines.append("wrote profiles.yml, which takes everything from the environment")
    return lines or ["seeds and profile are ready already; nothing was changed"]


def _next_steps() -> str:
    return """What next
  load your exports     loader load PATH…   (loader sources lists what is known)
  name what you have    seeds/accounts.csv (with the cloud: list prices depend on it),
                        teams.csv, attribution_rules.csv
  add what you agreed   seeds/prices.csv, fixed_charges.csv, budgets.csv
  build and look        make build, then loader report"""
