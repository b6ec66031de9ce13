"""The commands that read files: `load` and `check`."""

import os
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Annotated, Literal

import typer

from loader import connection, interruptions, raw_tables, signals
from loader.commands.context import project_of
from loader.commands.file_result import (
    FileResult,
    count_by_status,
    line_of,
    of_outcome,
    of_refusal,
    summary_of,
)
from loader.commands.json_output import print_json
from loader.errors import DataRefusedError, UsageError
from loader.exports import Export, read_exports
from loader.inputs import ENDINGS, Input, expand, passed_over_by_name
from loader.loading import Outcome, Request, Session, check_file, find_by_etag, load_file
from loader.memory import keep_memory
from loader.problems import counted
from loader.progress import Report, progress_bar
from loader.recognition import find_export
from loader.tally import Tolerance

_MAX_JOBS = 16
_MAX_PASSED_OVER = 5
# As long as those that rows may name; the ledger looks accounts up by an index.
_LONGEST_ACCOUNT = 500


class OnError(StrEnum):
    """What to do with a file some of whose records are refused."""

    ABORT = "abort"
    QUARANTINE = "quarantine"


_ON_ERROR: dict[OnError, Literal["abort", "quarantine"]] = {
    OnError.ABORT: "abort",
    OnError.QUARANTINE: "quarantine",
}
Paths = Annotated[
    list[str],
    typer.Argument(
        help="Files, folders, globs in quotes, s3://…, gs://…, or - for standard input."
    ),
]
ExportName = Annotated[
    str | None,
    typer.Option("--export", help="Take the files for this export: databricks.billable_usage"),
]
Account = Annotated[
    str, typer.Option(help="The vendor's account, for exports whose rows do not name it.")
]
Pattern = Annotated[
    str | None, typer.Option(help="Of folders and prefixes, only files of this name: '*.csv.gz'")
]
OnErrorOption = Annotated[
    OnError,
    typer.Option(
        help="abort: load nothing of a file with a bad record. quarantine: load the rest."
    ),
]
MaxErrors = Annotated[
    str | None,
    typer.Option(help="With quarantine: load nothing of a file with more bad records: 100 or 0.5%"),
]
Jobs = Annotated[
    int | None,
    typer.Option(min=1, max=_MAX_JOBS, help="Connections a large file is copied over."),
]
Evolve = Annotated[
    bool, typer.Option("--evolve", help="Accept columns that are not declared, as text.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def load(  # noqa: PLR0913  # one for each option
    context: typer.Context,
    paths: Paths,
    *,
    export: ExportName = None,
    account: Account = "default",
    pattern: Pattern = None,
    on_error: OnErrorOption = OnError.ABORT,
    max_errors: MaxErrors = None,
    jobs: Jobs = None,
    evolve: Evolve = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Load files into the raw tables: each completely or not at all, the same bytes only once.

    Example: loader load exports/ --account acme

    Example: loader load s3://bucket/billable-usage/csv/ --on-error quarantine --max-errors 1%
    """
    request = Request(
        _wanted(exports := read_exports(project := project_of(context)), export),
        _account(account),
        _tolerance(on_error, max_errors),
        evolve,
    )
    files = _files(paths, pattern, quiet=quiet)
    connect = partial(connection.connect, project, autocommit=True)
    with connect() as database:
        raw_tables.prepare(database, exports)
        interruptions.sweep(database, exports)
        session = Session(database, connect, jobs or _usual_jobs())
        _process(
            files,
            lambda file, report: (
                find_by_etag(session, file, request)
                or load_file(session, file, request, progress=report)
            ),
            quiet=quiet,
            as_json=as_json,
        )


def check(  # noqa: PLR0913  # one for each option
    context: typer.Context,
    paths: Paths,
    *,
    export: ExportName = None,
    pattern: Pattern = None,
    on_error: OnErrorOption = OnError.ABORT,
    max_errors: MaxErrors = None,
    evolve: Evolve = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Read files and prove every row as `load` would, without a database.

    Example: loader check exports/run_minutes.csv
    """
    wanted = _wanted(read_exports(project_of(context)), export)
    request = Request(wanted, tolerance=_tolerance(on_error, max_errors), evolve=evolve)
    _process(
        _files(paths, pattern, quiet=quiet),
        lambda file, report: check_file(file, request, progress=report),
        quiet=quiet,
        as_json=as_json,
    )


def _files(paths: Sequence[str], pattern: str | None, *, quiet: bool) -> list[Input]:
    """Return the files to read; say which of a folder's are none, unless a pattern does."""
    files = expand(paths, pattern=pattern)
    if pattern is None and not quiet and (passed_over := sorted(passed_over_by_name(paths))):
        shown = ", ".join(passed_over[:_MAX_PASSED_OVER])
        more = len(passed_over) - _MAX_PASSED_OVER
        typer.echo(
            f"not looked at, by their names: {shown}{f' and {more:,} more' if more > 0 else ''}\n"
            f"  a folder's files are loaded when they end in {ENDINGS}",
            err=True,
        )
    return files


def _wanted(exports: tuple[Export, ...], name: str | None) -> tuple[Export, ...]:
    return exports if name is None else (find_export(exports, name),)


def _account(account: str) -> str:
    if not account.strip() or not account.isprintable():
        message = "--account: must be text"
        raise UsageError(message)
    if len(account.strip()) > _LONGEST_ACCOUNT:
        message = f"--account: is longer than {_LONGEST_ACCOUNT} characters"
        raise UsageError(message)
    return account.strip()


def _usual_jobs() -> int:
    return max(2, min(4, os.cpu_count() or 2))


def _tolerance(on_error: OnError, max_errors: str | None) -> Tolerance:
    if max_errors is None:
        return Tolerance(_ON_ERROR[on_error])
    if on_error is OnError.ABORT:
        message = "--max-errors: is of use with --on-error quarantine alone"
        raise UsageError(message, "without it, one bad record is one too many")
    match = re.fullmatch(r"([0-9]{1,12})|([0-9]{1,3}(?:\.[0-9]{1,6})?)%", max_errors.strip())
    if match is None or (match[2] and Decimal(match[2]) > 100):  # noqa: PLR2004  # per cent
        message = f"--max-errors: is neither a number nor a percentage: {max_errors!r}"
        raise UsageError(message, "expected a number of records such as 100, or such as 0.5%")
    if match[1]:
        return Tolerance(_ON_ERROR[on_error], count=int(match[1]))
    return Tolerance(_ON_ERROR[on_error], share=Decimal(match[2]))


def _process(
    files: Sequence[Input],
    process: Callable[[Input, Report | None], Outcome],
    *,
    quiet: bool,
    as_json: bool,
) -> None:
    """Process each file, print what became of it, and exit with 1 when any was refused."""
    keep_memory()
    results: list[FileResult] = []
    with progress_bar(files, quiet=quiet) as bar:
        try:
            for file in files:
                try:
                    result = of_outcome(process(file, bar.begin(file)))
                except DataRefusedError as error:
                    signals.check()
                    result = of_refusal(file.place, error)
                    bar.clear()
                    typer.echo(f"error: {error}", err=True)
                results.append(result)
                if not as_json and not quiet:
                    bar.clear()
                    typer.echo(line_of(result))
                signals.check()
        except KeyboardInterrupt:
            bar.clear()
            done = f"{len(results):,} of {counted(len(files), 'file')} done"
            typer.echo(f"interrupted: {done}; the same command again does the others", err=True)
            raise
    if as_json:
        print_json({"files": results, "counts": count_by_status(results)})
    elif len(results) > 1 and not quiet:
        typer.echo(summary_of(results))
    if any(result.status == "refused" for result in results):
        raise typer.Exit(DataRefusedError.exit_code)
