"""The command line: `loader`, its global options and its exit codes.

Results go to standard output, errors and progress to standard error. Exit codes: 0 done, 1 data
refused, 2 wrong usage, 3 database not usable, 130 interrupted.
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from loader import __version__
from loader.commands import (
    alerts,
    breakdown,
    close,
    database,
    explain,
    export,
    listings,
    load,
    project,
    rejects,
    trace,
    what_if,
)
from loader.commands.plain_values import Command, Group
from loader.errors import DatabaseError, LoaderError, UsageError
from loader.project import find_project

app = typer.Typer(
    name="loader",
    cls=Group,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("load", cls=Command)(load.load)
app.command("check", cls=Command)(load.check)
app.command("loads", cls=Command)(listings.loads)
app.command("rejects")(rejects.list_rejects)
app.command("withdraw")(listings.withdraw)
app.command("trace", cls=Command)(trace.trace)
app.command("explain", cls=Command)(explain.explain)
app.command("what-if", cls=Command)(what_if.what_if)
app.command("sources")(listings.sources)
app.command("breakdown")(breakdown.breakdown)
app.command("alerts")(alerts.alerts)
app.command("init")(project.init)
app.command("build", context_settings={"ignore_unknown_options": True})(project.build)
app.command("close")(close.close)
app.command("report")(project.report)
app.command("demo")(project.demo)
app.add_typer(export.app, name="export")
app.add_typer(database.app, name="db")


def _print_version(wanted: bool) -> None:  # noqa: FBT001  # the signature Typer calls
    if wanted:
        typer.echo(f"loader {__version__}")
        raise typer.Exit


@app.callback()
def global_options(
    context: typer.Context,
    project_dir: Annotated[
        Path | None, typer.Option(help="The project folder, or one in it, if not the current one.")
    ] = None,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """From vendors' usage exports to costs somebody owns.

    Exports load completely or not at all; dbt turns them into marts; report shows them.
    """
    if project_dir is not None:
        context.obj = find_project(project_dir)


def main() -> None:
    """Run the command line and exit; an expected failure is a message, never a traceback."""
    try:
        app()
    except LoaderError as error:
        _fail(error)
    except psycopg.Error as error:
        # The message may quote rows or a password; the code says what kind of error it was.
        reason = error.sqlstate or "the connection was lost or refused"
        _fail(DatabaseError(f"PostgreSQL: {reason}", "see: loader db status"))
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        _fail(UsageError(f"a file or its name is not UTF-8 text: {error.reason}"))
    except BrokenPipeError:
        # Whoever reads the output has seen enough; what is still buffered must not be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        _fail(UsageError(f"{error.filename or 'output'}: {error.strerror}"))
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(error: LoaderError) -> None:
    typer.echo(f"error: {error}", err=True)
    sys.exit(error.exit_code)
