"""The commands that read files: `load` and `check`."""

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from loader import connection, raw_tables
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
from loader.files import LocalFile, expand
from loader.loading import Outcome, check_file, load_file
from loader.progress import Report, progress_bar
from loader.recognition import find_export

Paths = Annotated[list[str], typer.Argument(help="Files, folders, or globs in quotes.")]
ExportName = Annotated[
    str | None,
    typer.Option("--export", help="Take the files for this export: databricks.billable_usage"),
]
Account = Annotated[
    str, typer.Option(help="The vendor's account, for exports whose rows do not name it.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def load(
    context: typer.Context,
    paths: Paths,
    *,
    export: ExportName = None,
    account: Account = "default",
    as_json: Json = False,
) -> None:
    """Load files into the raw tables, each in one transaction; the same bytes only once.

    Example: loader load exports/ --account acme
    """
    if not account.strip() or not account.isprintable():
        message = "--account: must be text"
        raise UsageError(message)
    project = project_of(context)
    exports = read_exports(project)
    wanted = _wanted(exports, export)
    files = expand(paths)
    with connection.connect(project, autocommit=True) as database:
        raw_tables.prepare(database, exports)
        _process(
            files,
            lambda file, report: load_file(
                database, file, wanted, account=account, progress=report
            ),
            as_json=as_json,
        )


def check(
    context: typer.Context,
    paths: Paths,
    *,
    export: ExportName = None,
    as_json: Json = False,
) -> None:
    """Read files and prove every row as `load` would, without a database.

    Example: loader check exports/run_minutes.csv
    """
    wanted = _wanted(read_exports(project_of(context)), export)
    _process(
        expand(paths),
        lambda file, report: check_file(file, wanted, progress=report),
        as_json=as_json,
    )


def _wanted(exports: tuple[Export, ...], name: str | None) -> tuple[Export, ...]:
    return exports if name is None else (find_export(exports, name),)


def _process(
    files: Sequence[LocalFile],
    process: Callable[[LocalFile, Report | None], Outcome],
    *,
    as_json: bool,
) -> None:
    """Process each file, print what became of it, and exit with 1 when any was refused."""
    results: list[FileResult] = []
    with progress_bar(files) as begin:
        for file in files:
            try:
                result = of_outcome(process(file, begin(file)))
            except DataRefusedError as error:
                result = of_refusal(file.place, error)
                typer.echo(f"error: {error}", err=True)
            results.append(result)
            if not as_json:
                typer.echo(line_of(result))
    if as_json:
        print_json({"files": results, "counts": count_by_status(results)})
    elif len(results) > 1:
        typer.echo(summary_of(results))
    if any(result.status == "refused" for result in results):
        raise typer.Exit(DataRefusedError.exit_code)
