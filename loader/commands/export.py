"""The commands `loader export …`: marts as files other tools read."""

from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from loader.building import current_seeds
from loader.commands.context import project_of
from loader.commands.json_output import print_json
from loader.connection import connect
from loader.decimals import plain_number
from loader.errors import UsageError
from loader.months import month_of
from loader.progress import row_progress
from loader.project import require_own_schemas

app = typer.Typer(name="export", help="Marts as files other tools read.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `focus` a command of its own while it is the only one."""


@app.command()
def focus(
    context: typer.Context,
    *,
    out: Annotated[
        Path, typer.Option(help="File to write, .csv or .parquet, replaced when it is there.")
    ],
    month: Annotated[
        str | None, typer.Option(help="Only this billing period, such as 2026-10.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Write every priced charge as FOCUS 1.2 Cost and Usage, with its metadata file beside it.

    In CSV, text a spreadsheet would run as a formula gets a leading quote; numbers are untouched.
    Example: loader export focus --out october.parquet --month 2026-10
    """
    # Arrow is imported by those who export, not by every start of a load.
    from loader.focus import export_focus  # noqa: PLC0415
    from loader.focus.export import format_of  # noqa: PLC0415

    project = project_of(context)
    require_own_schemas("loader export works")
    format_of(out)
    first_day = None if month is None else _first_day(month)
    with connect(project, autocommit=True) as connection:
        written = export_focus(connection, out, first_day, partial(row_progress, quiet=as_json))
        if current_seeds(connection, project, closings=False) is None:
            typer.echo("warning: the last full build that passed was not of these loads,", err=True)
            typer.echo("seeds and models; run make build, then export again", err=True)
    if as_json:
        print_json(written)
        return
    typer.echo(f"wrote {written.file} ({written.rows:,} rows, {written.bytes:,} bytes)")
    for total in written.totals:
        amount = plain_number(total.effective_cost)
        typer.echo(f"  effective cost {amount} {total.currency}, {total.rows:,} rows")
    typer.echo(f"wrote {written.metadata}")


def _first_day(month: str) -> date:
    if (first := month_of(month.strip())) is None:
        message = f"--month: is no month: {month!r}"
        raise UsageError(message, "expected a year and a month, such as 2026-10")
    return first
