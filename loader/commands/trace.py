"""The command `trace`: from a line of a file to what it costs whom, and back."""

from collections.abc import Sequence
from typing import Annotated

import typer

from loader import connection
from loader.commands.context import project_of
from loader.commands.json_output import print_json
from loader.commands.trace_words import backward, backward_of_fixed, forward, print_chain
from loader.errors import UsageError
from loader.exports import read_exports
from loader.project import require_own_schemas
from loader.tracing import TracedCharge, TracedLine, trace_charge, trace_line, trace_usage

# More digits than any line number has; PostgreSQL's bigint takes eighteen.
_MAX_DIGITS = 18


def trace(  # noqa: PLR0913  # one for each option
    context: typer.Context,
    place: Annotated[
        str | None,
        typer.Argument(metavar="FILE:LINE", help="A line of a file that was loaded."),
    ] = None,
    *,
    charge: Annotated[
        str | None, typer.Option(help="Go back from this charge: its id, or eight digits of it.")
    ] = None,
    usage: Annotated[
        str | None, typer.Option(help="Go back from this usage record, likewise.")
    ] = None,
    load_id: Annotated[
        int | None, typer.Option("--load", help="Only this load of the file.")
    ] = None,
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Read the original line from a bucket too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Follow a line of a file to its charge and team, or a charge back to its line.

    FILE is a path, a name, an address such as s3://bucket/key.csv, or a member of an archive,
    month.zip/usage.csv. E-mail addresses are masked.

    Example: loader trace exports/run_minutes.csv:42. Back: loader trace --charge 1a2b3c4d
    """
    if (place, charge, usage).count(None) != 2:  # noqa: PLR2004  # one of the three
        message = "trace: expected one of FILE:LINE, --charge ID and --usage ID"
        raise UsageError(message, "for example: loader trace run_minutes.csv:42")
    if load_id is not None and place is None:
        message = "--load: picks one of a file's loads"
        raise UsageError(message, "leave it out, or name FILE:LINE")
    named = None if place is None else _split(place)
    project = project_of(context)
    require_own_schemas("loader trace works")
    exports = read_exports(project)
    with connection.connect(project, autocommit=True) as database:
        if named is not None:
            file, line = named
            _print_lines(
                file,
                line,
                trace_line(database, exports, file, line, load_id=load_id, fetch=fetch),
                as_json=as_json,
            )
        elif charge is not None:
            _print_origin(trace_charge(database, exports, charge, fetch=fetch), as_json=as_json)
        else:
            origin = trace_usage(database, exports, usage or "", fetch=fetch)
            _print_origin(origin, as_json=as_json)


def _split(place: str) -> tuple[str, int]:
    file, _, line = place.rpartition(":")
    is_number = line.isascii() and line.isdigit() and len(line) <= _MAX_DIGITS
    if not file or not is_number or int(line) == 0:
        message = f"{place}: names no line of a file"
        raise UsageError(message, "expected FILE:LINE, such as run_minutes.csv:42")
    return file, int(line)


def _print_lines(file: str, line: int, traces: Sequence[TracedLine], *, as_json: bool) -> None:
    if as_json:
        print_json({"file": file, "line": line, "loads": traces})
        return
    if len(traces) > 1:
        typer.echo(f"{len(traces)} loads of this file, newest first\n")
    for number, traced in enumerate(traces):
        if number:
            typer.echo()
        print_chain(forward(traced))


def _print_origin(origin: TracedLine | TracedCharge, *, as_json: bool) -> None:
    if as_json:
        print_json(origin)
    elif isinstance(origin, TracedCharge):
        print_chain(backward_of_fixed(origin))
    else:
        print_chain(backward(origin))
