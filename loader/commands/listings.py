"""The commands on what there is: `loads` and `withdraw`, the ledger, and `sources`, the exports."""

from enum import StrEnum
from typing import Annotated

import typer

from loader import connection, ledger, raw_tables
from loader.commands.context import project_of
from loader.commands.json_output import print_json
from loader.commands.tables import print_table
from loader.errors import UsageError
from loader.exports import Column, Export, read_exports

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

_LOAD_HEADINGS = ("load", "status", "export", "account", "read", "loaded", "rejected", "file")


class Status(StrEnum):
    """What became of a load."""

    LOADING = "loading"
    LOADED = "loaded"
    FAILED = "failed"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


def loads(
    context: typer.Context,
    *,
    status: Annotated[Status | None, typer.Option(help="Only loads of this status.")] = None,
    last: Annotated[int | None, typer.Option(min=1, help="Only the newest so many.")] = None,
    as_json: Json = False,
) -> None:
    """List what was loaded, when and from where, failed loads included.

    Example: loader loads --status loaded --last 20
    """
    with connection.connect(project_of(context), autocommit=True) as database:
        entries = ledger.read_loads(database, status=status, last=last)
    if as_json:
        print_json({"loads": entries})
        return
    if not entries:
        typer.echo("nothing was loaded yet" if status is None else f"no load is {status}")
        return
    rows = [
        (
            str(load.load_id),
            load.status,
            load.export,
            load.account_key,
            f"{load.rows_read:,}",
            f"{load.rows_loaded:,}",
            f"{load.rows_rejected:,}",
            load.file_name,
            f"{load.finished_at:%Y-%m-%d %H:%M}" if load.finished_at is not None else "",
        )
        for load in entries
    ]
    print_table((*_LOAD_HEADINGS, "finished"), rows)


def withdraw(
    context: typer.Context,
    load_id: Annotated[int, typer.Argument(help="Number of the load, as loader loads shows it.")],
) -> None:
    """Take a load out of the marts; its rows stay in the raw tables and the ledger.

    A load it had replaced as a whole, a file of the same name, counts again. The marts show it
    after the next build. Example: loader withdraw 12
    """
    with connection.connect(project_of(context), autocommit=True) as database:
        raw_tables.prepare(database, read_exports(project_of(context)))
        if not ledger.withdraw(database, [load_id]):
            message = f"load {load_id} is not a load that counts"
            raise UsageError(message, "loader loads lists them; a withdrawn load stays withdrawn")
    typer.echo(f"withdrew load {load_id}; build to see it")


def sources(context: typer.Context, *, as_json: Json = False) -> None:
    """List the declared exports, their columns, and the names they are recognised by.

    Example: loader sources
    """
    exports = read_exports(project_of(context))
    if as_json:
        print_json({"sources": [_described(export) for export in exports]})
        return
    for export in exports:
        account = export.account_column or "given with --account"
        covers = f"  newest file of a name counts: {export.covers}" if export.covers else ""
        typer.echo(f"{export.name}  {' or '.join(export.formats)}  account: {account}{covers}")
        rows = [_column_row(column) for column in export.columns]
        print_table(("column", "type", "in the file", ""), rows, indent="  ")


def _column_row(column: Column) -> tuple[str, ...]:
    marks = {"optional": column.is_optional, "not null": column.is_not_null}
    names = " or ".join((column.header, *column.aliases))
    notes = ", ".join(mark for mark, is_set in marks.items() if is_set)
    return (column.name, str(column.type), names, notes)


def _described(export: Export) -> dict[str, object]:
    return {
        "name": export.name,
        "description": export.description,
        "formats": export.formats,
        "raw_table": f"{export.schema}.{export.table}",
        "account_column": export.account_column,
        "covers": export.covers,
        "columns": [
            {
                "name": column.name,
                "data_type": str(column.type),
                "header": column.header,
                "aliases": column.aliases,
                "is_optional": column.is_optional,
                "is_not_null": column.is_not_null,
                "pattern": column.pattern,
                "description": column.description,
            }
            for column in export.columns
        ],
    }
