"""The lines of a loaded file, read again where it still lies, or written anew from the raw row.

A file is believed only when its SHA-256 is the ledger's: what lies there may be a newer export of
the same name. Nothing is fetched from a bucket unless that is asked for.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from loader.csv_records import read_header, read_records
from loader.envelopes import Envelope
from loader.errors import LoaderError
from loader.exports import Export
from loader.inputs import Input, expand, names
from loader.inputs.limits import Limits
from loader.inputs.local_files import LocalFile
from loader.inputs.zip_archives import members_of
from loader.json_files import json_rows
from loader.ledger import Load
from loader.lines import Line, physical_lines
from loader.parsing import numbered
from loader.recognition import recognise
from loader.records import Problem

_PART_BYTES = 1 << 20
_T = TypeVar("_T")
RawRow = Mapping[str, str | None]


class UnreadableError(Exception):
    """The file as it was loaded cannot be had; the message says why."""


@dataclass(frozen=True)
class Original:
    """What a record looks like in its file; `header` is None for JSON.

    `rebuilt_because` is None where the file itself was read, byte for byte.
    """

    header: str | None
    text: str
    rebuilt_because: str | None = None


@dataclass(frozen=True)
class LinePlace:
    """A line that no record begins on: how many there are, and what holds this one."""

    lines: int
    record_line: int | None
    is_blank: bool


def read_original(
    load: Load, export: Export, number: int, raw: RawRow, *, fetch: bool = False
) -> Original:
    """Return the record with this row number as it stands in its file, or built from its row."""
    header = None if load.header is None else _text(load.header)
    try:
        record = _read(load, lambda chunks: _record(chunks, load, export, number), fetch=fetch)
    except UnreadableError as error:
        return replace(_rebuilt(load, export, raw), rebuilt_because=str(error))
    return Original(header, _text(record))


def locate(load: Load, export: Export, line: int, *, fetch: bool = False) -> LinePlace:
    """Say what a line of the file is; raises `UnreadableError` when the file cannot be read."""
    lines, is_blank = _read(load, lambda chunks: _counted(chunks, line), fetch=fetch)
    if load.header is not None or line > lines or is_blank:
        return LinePlace(lines, None, is_blank)
    record = _read(load, lambda chunks: _around(chunks, export, line), fetch=fetch)
    return LinePlace(lines, record, is_blank)


def _read(load: Load, take: Callable[[Iterator[bytes]], _T], *, fetch: bool) -> _T:
    """Return what `take` makes of the bytes, which are proven to be the ones that were loaded."""
    digest = hashlib.sha256()
    try:
        with _input(load.uri, fetch=fetch).open() as reader:

            def chunks() -> Iterator[bytes]:
                while part := reader.read(_PART_BYTES):
                    digest.update(part)
                    yield part

            stream = chunks()
            taken = take(stream)
            for _ in stream:
                pass
    except LoaderError as error:
        raise UnreadableError(error.message) from None
    if digest.hexdigest() != load.sha256:
        message = "the file has changed since it was loaded"
        raise UnreadableError(message)
    return taken


def _input(uri: str, *, fetch: bool) -> Input:
    place, _, fragment = uri.partition("#")
    is_member = bool(fragment) and names.is_archive(place)
    scheme = urlsplit(uri).scheme
    if scheme == "file":
        return _local(Path(unquote(urlsplit(place).path)), unquote(fragment) or None)
    if scheme == "stdin":
        message = "it came by standard input"
        raise UnreadableError(message)
    if not fetch:
        message = "it lies in a bucket, which is read with --fetch only"
        raise UnreadableError(message)
    for found in expand([place if is_member else uri]):
        if found.uri == uri:
            return found
    message = "the archive has no such member any more"
    raise UnreadableError(message)


def _local(path: Path, member: str | None) -> Input:
    if not path.is_file():
        message = "the file is gone"
        raise UnreadableError(message)
    origin, limits = LocalFile(path, path.stat().st_size), Limits.from_environment()
    if member is None:
        return Input(origin, limits)
    for found in members_of(origin):
        if found.path == member:
            return Input(origin, limits, found)
    message = "the archive has no such member any more"
    raise UnreadableError(message)


def _record(chunks: Iterator[bytes], load: Load, export: Export, number: int) -> bytes:
    if load.header is not None:
        return _csv_record(chunks, load.header, number)
    for found, row in numbered(json_rows(chunks, _envelopes(export), load.file_name)):
        if found == number:
            return row.raw or b""
    return b""


def _csv_record(chunks: Iterator[bytes], header: bytes, number: int) -> bytes:
    """Return the bytes of the record on a line: how it is read depends on no line before it."""
    line, rest = 1, b""
    for chunk in chunks:
        ends = chunk.count(b"\n")
        if line + ends < number:
            line += ends
            continue
        at = 0
        for _ in range(number - line):
            at = chunk.index(b"\n", at) + 1
        rest = chunk[at:]
        break
    columns = read_header(Line(1, 0, header))
    width = () if isinstance(columns, Problem) else columns
    item = next(read_records(physical_lines(chain([rest], chunks), number), width), None)
    return getattr(item, "raw", None) or b""


def _counted(chunks: Iterator[bytes], number: int) -> tuple[int, bool]:
    """Return how many lines there are, and whether one of them is there and blank."""
    ends, has_text, last = 0, False, b"\n"
    for chunk in chunks:
        before, last = ends, chunk
        ends += chunk.count(b"\n")
        # The line may begin in one chunk and go on in the next.
        if before < number <= ends + 1:
            has_text = has_text or bool(chunk.split(b"\n")[number - 1 - before].strip())
    lines = ends if last.endswith(b"\n") else ends + 1
    return lines, number <= lines and not has_text


def _around(chunks: Iterator[bytes], export: Export, line: int) -> int | None:
    """Return the row number of the JSON record that a line is a part of."""
    for number, row in numbered(json_rows(chunks, _envelopes(export), "")):
        if row[0] <= line <= row[0] + (row.raw or b"").rstrip(b"\r\n").count(b"\n"):
            return number
    return None


def _envelopes(export: Export) -> list[Envelope]:
    return [] if export.envelope is None else [export.envelope]


def _rebuilt(load: Load, export: Export, raw: RawRow) -> Original:
    if load.header is None:
        return Original(None, _as_object(export, raw))
    columns = read_header(Line(1, 0, load.header))
    if isinstance(columns, Problem):
        return Original(_text(load.header), ",".join(map(_cell, raw.values())))
    layout = recognise(columns, [export], load.file_name, evolve=True)
    cells: list[str | None] = [None] * len(columns)
    for column, position in zip(layout.export.columns, layout.positions, strict=True):
        if position is not None:
            cells[position] = raw.get(column.name)
    return Original(_text(load.header), ",".join(map(_cell, cells)))


def _cell(value: str | None) -> str:
    """Return a value as a strict reader reads it back: nothing for null, quotes where needed."""
    if value is None:
        return ""
    if value and not any(mark in value for mark in ',"\r\n'):
        return value
    return '"' + value.replace('"', '""') + '"'


def _as_object(export: Export, raw: RawRow) -> str:
    members = [
        f"{json.dumps(column.header)}:"
        + (str(raw[column.name]) if column.type.name == "jsonb" else json.dumps(raw[column.name]))
        for column in export.columns
        if raw.get(column.name) is not None
    ]
    return "{" + ",".join(members) + "}"


def _text(line: bytes) -> str:
    text = line.decode(errors="backslashreplace")
    return text[:-2] if text.endswith("\r\n") else text.removesuffix("\n")
