"""Refused records, kept byte for byte in `loader.rejects` until somebody has corrected them."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from psycopg import Connection, sql
from psycopg.rows import class_row

from loader import relations
from loader.errors import DataRefusedError, UsageError
from loader.reasons import code_of
from loader.records import Problem

_TABLE = """
create table loader.rejects (
    load_id bigint not null references loader.loads (load_id),
    line_number bigint not null check (line_number > 0),
    byte_offset bigint not null check (byte_offset >= 0),
    column_name text,
    reason text not null,
    detail text not null,
    record bytea not null,
    primary key (load_id, byte_offset)
)
"""
_TABLE_COMMENT = "Records of loaded files that were refused, one row for each."
_COMMENTS = {
    "load_id": "Load the record was refused by: loader.loads.load_id.",
    "line_number": "Line of the file the record starts on, counted from 1, the header included.",
    "byte_offset": "Where the line begins in the bytes that were parsed, counted from 0.",
    "column_name": "Column whose value was refused; null when the line as a whole was.",
    "reason": "Why, as a code that does not change, such as not_a_number.",
    "detail": "Why, and what would have been accepted; no content of the record.",
    "record": "The refused line byte for byte, its line end included. May hold personal data.",
}
_COPY = (
    "copy loader.rejects"
    " (load_id, line_number, byte_offset, column_name, reason, detail, record) from stdin"
)
_SELECT = """
    select
        rejects.load_id, loads.export, loads.file_name, rejects.line_number, rejects.byte_offset,
        rejects.column_name, rejects.reason, rejects.detail, rejects.record
    from loader.rejects
    inner join loader.loads on rejects.load_id = loads.load_id
    where rejects.load_id = %(load_id)s or (%(load_id)s::bigint is null and loads.status = 'loaded')
    order by rejects.load_id, rejects.byte_offset
"""
_BATCH_BYTES = 8 << 20
_BATCH_ROWS = 10_000

_Row = tuple[int, int, int, str | None, str, str, bytes]


@dataclass(frozen=True)
class Reject:
    """One refused record; `reason` is a code, `detail` a sentence, `record` the exact line."""

    load_id: int
    export: str
    file_name: str
    line_number: int
    byte_offset: int
    column_name: str | None
    reason: str
    detail: str
    record: bytes


def create(connection: Connection) -> None:
    """Create the table unless it exists; the caller holds the lock that makes this safe."""
    if _exists(connection):
        return
    connection.execute(_TABLE)
    comment = sql.SQL("comment on table loader.rejects is {}")
    connection.execute(comment.format(sql.Literal(_TABLE_COMMENT)))
    for column, text in _COMMENTS.items():
        statement = sql.SQL("comment on column loader.rejects.{} is {}")
        connection.execute(statement.format(sql.Identifier(column), sql.Literal(text)))


def _exists(connection: Connection) -> bool:
    return relations.exists(connection, "loader.rejects")


def write(connection: Connection, load_id: int, problems: Iterable[Problem]) -> int:
    """Write the problems of a load; return how many records PostgreSQL took.

    Problems are drawn outside of COPY, so that no error of theirs reaches the server's log. Raises
    `DataRefusedError` for a line that was too long to be kept.
    """
    written = 0
    for batch in _batches(_row(load_id, problem) for problem in problems):
        with connection.cursor() as cursor:
            with cursor.copy(_COPY) as copy:
                for row in batch:
                    copy.write_row(row)
            written += cursor.rowcount
    return written


def _row(load_id: int, problem: Problem) -> _Row:
    if problem.raw is None:
        message = f"line {problem.line_number} is too long to be kept for correction"
        raise DataRefusedError(message, "nothing was loaded; fix the line and load the file again")
    detail = "; ".join(filter(None, (problem.reason, problem.expected)))
    return (
        load_id,
        problem.line_number,
        problem.byte_offset,
        problem.column,
        code_of(problem.reason),
        detail,
        problem.raw,
    )


def _batches(rows: Iterable[_Row]) -> Iterator[list[_Row]]:
    batch: list[_Row] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += len(row[-1])
        if size >= _BATCH_BYTES or len(batch) == _BATCH_ROWS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def remove(connection: Connection, load_id: int) -> None:
    """Delete the rejects of a load that was not completed."""
    connection.execute("delete from loader.rejects where load_id = %s", [load_id])


def read(connection: Connection, load_id: int | None) -> Iterator[Reject]:
    """Yield the rejects of one load, or of all that count, a few at a time.

    A transaction is open until the last was yielded.
    """
    if not _exists(connection):
        return
    with (
        connection.transaction(),
        connection.cursor("rejects", row_factory=class_row(Reject)) as cursor,
    ):
        yield from cursor.execute(_SELECT, {"load_id": load_id})


def loads_with_rejects(connection: Connection, load_id: int | None) -> tuple[int, ...]:
    """Return the loads whose rejects `read` yields."""
    if not _exists(connection):
        return ()
    rows = connection.execute(
        "select load_id from loader.loads"
        " where (load_id = %(load_id)s or (%(load_id)s::bigint is null and status = 'loaded'))"
        " and exists (select from loader.rejects where rejects.load_id = loads.load_id)"
        " order by load_id",
        {"load_id": load_id},
    )
    return tuple(int(row[0]) for row in rows)


def write_file(connection: Connection, load_ids: Sequence[int], path: Path) -> int:
    """Write the loads' refused lines, byte for byte below their header, to a new file.

    Corrected, it can be loaded. Only the owner can read it. Returns the number of lines. Raises
    `UsageError` when `path` exists or the loads are not of one export, account and header.
    """
    header = _common_header(connection, load_ids)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        message = f"{path}: exists already"
        raise UsageError(message, "name another file; nothing was written") from None
    try:
        with os.fdopen(handle, "wb") as stream:
            os.fchmod(handle, 0o600)
            stream.write(header)
            line_end = b"\r\n" if header.endswith(b"\r\n") else b"\n"
            written = 0
            for record in _records(connection, load_ids):
                stream.write(record if record.endswith(b"\n") else record + line_end)
                written += 1
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return written


def _common_header(connection: Connection, load_ids: Sequence[int]) -> bytes:
    """Return the header of all the loads with its line end; empty where files have none."""
    loads = connection.execute(
        "select export, account_key, header from loader.loads where load_id = any(%s)"
        " order by load_id",
        [list(load_ids)],
    ).fetchall()
    kinds = {
        (export, account, None if header is None else header.rstrip(b"\r\n"))
        for export, account, header in loads
    }
    if len(kinds) != 1:
        message = "these loads do not fit into one file: their exports, accounts or headers differ"
        raise UsageError(message, "name one of them: loader rejects LOAD_ID --out FILE")
    header: bytes | None = loads[0][2]
    if header is None or header.endswith(b"\n"):
        return header or b""
    return header + b"\n"


def _records(connection: Connection, load_ids: Sequence[int]) -> Iterator[bytes]:
    with connection.transaction(), connection.cursor("reject_records") as cursor:
        cursor.execute(
            "select record from loader.rejects where load_id = any(%s)"
            " order by load_id, byte_offset",
            [list(load_ids)],
        )
        for (record,) in cursor:
            yield record
