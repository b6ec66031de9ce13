"""What a load kept of the lines of its file: raw rows, and the lines that were refused."""

from typing import Any, NamedTuple

from psycopg import Connection, sql

from loader import raw_tables
from loader.csv_records import read_header, read_records
from loader.exports import Export
from loader.ledger import Load
from loader.lines import Line
from loader.personal_data import masked, masked_line, personal_columns
from loader.recognition import recognise
from loader.records import Problem, Record
from loader.tracing.facts import Row, read


class Place(NamedTuple):
    """A line of one load's file; `fetch` says whether it may be read from a bucket."""

    load: Load
    export: Export
    line: int
    fetch: bool


def raw_row(connection: Connection[Any], place: Place) -> dict[str, str | None] | None:
    """Return the row that begins on the line: its columns as exported."""
    query = sql.SQL("select * from {} where _load_id = %s and _row_number = %s").format(
        raw_tables.identifier(place.export)
    )
    rows = read(connection, query, [place.load.load_id, place.line])
    plumbing = (raw_tables.LOAD_ID, raw_tables.ROW_NUMBER)
    return next(({key: row[key] for key in row if key not in plumbing} for row in rows), None)


def rejects_of(connection: Connection[Any], place: Place) -> list[Row]:
    """Return what was refused of the line: why, and the text, masked."""
    rows = read(
        connection,
        "select line_number, byte_offset, column_name, reason, detail, record from loader.rejects"
        " where load_id = %s and line_number = %s order by byte_offset",
        [place.load.load_id, place.line],
    )
    return [row | {"record": _shown_record(place, row["record"])} for row in rows]


def _shown_record(place: Place, record: bytes) -> str:
    """Return a refused line as it may be shown, without what its personal columns hold."""
    text = record.decode(errors="backslashreplace").rstrip("\r\n")
    header = read_header(Line(1, 0, place.load.header))
    if isinstance(header, Problem):
        return masked(text)
    item = next(read_records(iter([Line(1, 0, record)]), header), None)
    if not isinstance(item, Record):
        return masked(text)
    layout = recognise(header, [place.export], place.load.file_name, evolve=True)
    personal = personal_columns(place.export)
    values = [
        item.fields[position]
        for column, position in zip(layout.export.columns, layout.positions, strict=True)
        if column.name in personal and position is not None
    ]
    return masked_line(text, values)


def last_line(connection: Connection[Any], place: Place, begins_on: int) -> int:
    """Return the last line of the CSV record that begins on a line; a refused one has no more."""
    raw = raw_row(connection, place._replace(line=begins_on)) or {}
    return begins_on + sum(value.count("\n") for value in raw.values() if value)


def neighbours(connection: Connection[Any], place: Place) -> tuple[int | None, int | None]:
    """Return the nearest lines before and behind this one on which a record begins."""
    query = sql.SQL("""
        with records as (
            select max(_row_number) filter (where _row_number < %(line)s) as before,
                min(_row_number) filter (where _row_number > %(line)s) as behind
            from {} where _load_id = %(load_id)s
            union all
            select max(line_number) filter (where line_number < %(line)s),
                min(line_number) filter (where line_number > %(line)s)
            from loader.rejects where load_id = %(load_id)s
        )
        select max(before) as before, min(behind) as behind from records
    """).format(raw_tables.identifier(place.export))
    (row,) = read(connection, query, {"load_id": place.load.load_id, "line": place.line})
    return row["before"], row["behind"]
