"""The command line: `loader`, its global options and its exit codes.

Results go to standard output, errors and progress to standard error. Exit codes: 0 done, 1 data
refused, 2 wrong usage, 3 database not usable, 130 interrupted.
"""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer
from typer.main import get_group

from loader import __version__, signals
from loader.commands.plain_values import Command, Group
from loader.connection_failure import explain_error
from loader.errors import LoaderError, UsageError
from loader.project import find_project

# What makes each command, in the order of the help: a function, or an application of its own.
_COMMANDS = {
    "load": "load:load",
    "check": "load:check",
    "loads": "listings:loads",
    "rejects": "rejects:list_rejects",
    "withdraw": "listings:withdraw",
    "trace": "trace:trace",
    "explain": "explain:explain",
    "what-if": "what_if:what_if",
    "sources": "listings:sources",
    "breakdown": "breakdown:breakdown",
    "alerts": "alerts:alerts",
    "init": "project:init",
    "build": "project:build",
    "close": "close:close",
    "report": "project:report",
    "demo": "project:demo",
    "export": "export:app",
    "db": "database:app",
}
_WITH_PLAIN_VALUES = {"load", "check", "loads", "trace", "explain", "what-if"}


class _Commands(Group):
    """Imports a command when it is asked for: all of them together cost a start a tenth second."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002
        """Return the names in the order of the help."""
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002
        """Return the command of this name, None when there is none."""
        if cmd_name in _COMMANDS and cmd_name not in self.commands:
            self.commands[cmd_name] = _command(cmd_name)
        return self.commands.get(cmd_name)


def _command(name: str) -> Any:  # noqa: ANN401
    module, _, attribute = _COMMANDS[name].partition(":")
    made = getattr(import_module(f"loader.commands.{module}"), attribute)
    group = typer.Typer(rich_markup_mode=None, add_completion=False)
    if isinstance(made, typer.Typer):
        group.add_typer(made, name=name)
    else:
        # What it does not know, `build` hands on to dbt.
        settings = {"ignore_unknown_options": True} if name == "build" else None
        kind = Command if name in _WITH_PLAIN_VALUES else None
        group.command(name, cls=kind, context_settings=settings)(made)
    return get_group(group).commands[name]


app = typer.Typer(
    name="loader",
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


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
    signals.raise_interrupts()
    try:
        app()
    except LoaderError as error:
        _fail(error)
    except psycopg.Error as error:
        _fail(explain_error(error))
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
