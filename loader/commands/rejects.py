"""The command `rejects`: refused records, shown, or written to a file that can be corrected."""

import json
import shlex
from base64 import b64encode
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from psycopg import Connection

from loader import connection, ledger, rejects
from loader.commands.context import project_of
from loader.commands.json_output import print_json
from loader.commands.tables import print_table
from loader.errors import UsageError
from loader.exports import Export, read_exports
from loader.one_line import on_one_line
from loader.rejects import Reject

_SHOWN_RECORD = 200
# Rows are aligned page by page, so that a listing of any length needs little memory.
_PAGE_ROWS = 1000


def list_rejects(
    context: typer.Context,
    load_id: Annotated[
        int | None, typer.Argument(help="Number of the load; all that count if left out.")
    ] = None,
    *,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the records, byte for byte below their header, to this new file."),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Show the records too. They may hold personal data.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the records that loads refused; write them to a file to correct and load.

    Example: loader rejects 12. To repair them: loader rejects 12 --out fix.csv, correct fix.csv,
    then loader load fix.csv
    """
    with connection.connect(project_of(context), autocommit=True) as database:
        load = None if load_id is None else ledger.find(database, load_id)
        if load_id is not None and load is None:
            message = f"there is no load {load_id}"
            raise UsageError(message, "loader loads lists them")
        if load is not None and load.status == "failed":
            message = f"load {load_id} failed as a whole and kept no record: {load.failure}"
            hint = "to keep what is refused and load the rest: loader load --on-error quarantine"
            raise UsageError(message, hint)
        if out is not None:
            _write(database, read_exports(project_of(context)), load_id, out, as_json=as_json)
        elif as_json:
            _print_json(rejects.read(database, load_id), show=show)
        else:
            _print_pages(rejects.read(database, load_id), load_id, show=show)


def _write(
    database: Connection,
    exports: tuple[Export, ...],
    load_id: int | None,
    out: Path,
    *,
    as_json: bool,
) -> None:
    load_ids = rejects.loads_with_rejects(database, load_id)
    loads = [load for number in load_ids if (load := ledger.find(database, number)) is not None]
    for export in exports:
        if any(load.export == export.name for load in loads) and export.covered_by(out.name):
            message = f"{out}: loaded under this name, the corrections would replace the whole file"
            raise UsageError(message, "name another file, such as corrected.csv")
    written = rejects.write_file(database, load_ids, out) if load_ids else 0
    if as_json:
        file = str(out) if written else None
        print_json({"file": file, "records": written, "load_ids": load_ids})
        return
    if not written:
        typer.echo(f"{_nothing(load_id)}; nothing was written")
        return
    names_account = any(
        export.name == loads[0].export and export.account_column for export in exports
    )
    account = "" if names_account else f" --account {shlex.quote(loads[0].account_key)}"
    records = "record" if written == 1 else "records"
    typer.echo(f"wrote {written:,} {records} to {out}")
    typer.echo(f"correct them, then: loader load {shlex.quote(str(out))}{account}")


def _print_pages(entries: Iterator[Reject], load_id: int | None, *, show: bool) -> None:
    headings = ("load", "file:line", "column", "reason", "detail", *(["record"] if show else []))
    is_empty = True
    while page := [_cells(entry, show=show) for entry in islice(entries, _PAGE_ROWS)]:
        print_table(headings, page)
        is_empty = False
    if is_empty:
        typer.echo(_nothing(load_id))


def _nothing(load_id: int | None) -> str:
    return "nothing was rejected" if load_id is None else f"load {load_id} rejected nothing"


def _cells(entry: Reject, *, show: bool) -> tuple[str, ...]:
    cells = (
        str(entry.load_id),
        f"{on_one_line(entry.file_name)}:{entry.line_number}",
        on_one_line(entry.column_name or ""),
        entry.reason,
        on_one_line(entry.detail),
    )
    return (*cells, _shown(entry.record)) if show else cells


def _shown(record: bytes) -> str:
    """Return a record on one line, with nothing in it that a terminal would obey."""
    text = record.decode(errors="backslashreplace").rstrip("\r\n")
    shown = repr(text[: _SHOWN_RECORD + 1])[1:-1]
    return shown if len(shown) <= _SHOWN_RECORD else f"{shown[: _SHOWN_RECORD - 1]}…"


def _print_json(entries: Iterator[Reject], *, show: bool) -> None:
    """Print one document, an entry a line, however many there are."""
    typer.echo('{\n  "rejects": [', nl=False)
    separator = "\n"
    for entry in entries:
        typer.echo(f"{separator}    {json.dumps(_described(entry, show=show))}", nl=False)
        separator = ",\n"
    typer.echo("]\n}" if separator == "\n" else "\n  ]\n}")


def _described(entry: Reject, *, show: bool) -> dict[str, object]:
    described: dict[str, object] = {
        "load_id": entry.load_id,
        "export": entry.export,
        "file": entry.file_name,
        "line": entry.line_number,
        "byte_offset": entry.byte_offset,
        "column": entry.column_name,
        "reason": entry.reason,
        "detail": entry.detail,
    }
    if show:
        try:
            described["record"] = entry.record.decode()
        except UnicodeDecodeError:
            described["record_base64"] = b64encode(entry.record).decode()
    return described
