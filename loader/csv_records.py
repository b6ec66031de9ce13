r"""Strict CSV: bytes to records, one problem for each broken line, and the rest still read.

The grammar is RFC 4180's (https://www.rfc-editor.org/rfc/rfc4180): quotes only around whole fields,
doubled inside; LF or CRLF after each record; newlines only inside quotes. An unquoted empty field
is null and a quoted one the empty string, as in COPY's CSV format. `\.` is an ordinary value.

A record is accepted only when it is well formed, as wide as the header, and spans at most fifty
physical lines. Otherwise the one physical line it starts on is a problem and reading goes on at the
next line, so a stray quote cannot swallow the rows that follow it.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from loader.lines import Line, without_line_end
from loader.records import (
    MAX_FIELD_BYTES,
    MAX_RECORD_BYTES,
    Blank,
    Item,
    Problem,
    Record,
)

_MAX_RECORD_LINES = 50
# Atomic groups, not possessive ones: before 3.11.5 Python matched those wrongly (gh-106052).
_QUOTED = r'"[^"\0]*+(?>(?:""[^"\0]*+)*)"'
_PLAIN = r'[^",\r\n\0]*+'
_FIELD = re.compile(f"({_QUOTED}|{_PLAIN})(?=,|\\Z)")
_CLOSED = re.compile(_QUOTED)


class _Fault(NamedTuple):
    """Where, counted in fields from 0, and why a text is not a record."""

    field: int
    reason: str
    is_open: bool = False


class _Lines:
    """Lines that can be taken, and put back when a record turns out not to span them."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._returned: deque[Line] = deque()

    def take(self) -> Line | None:
        return self._returned.popleft() if self._returned else next(self._lines, None)

    def put_back(self, lines: list[Line]) -> None:
        self._returned.extendleft(reversed(lines))


def read_header(line: Line | None) -> tuple[str, ...] | Problem:
    """Return the names on a file's first line, or the problem that keeps it from being a header."""
    if line is None or line.raw is None:
        return Problem(1, 0, None, "is not a header")
    try:
        text = without_line_end(line.raw.decode())
    except UnicodeDecodeError:
        return Problem(1, line.offset, None, "is not valid UTF-8")
    if not text.strip():
        return Problem(1, line.offset, None, "is blank", "expected a header")
    if "\r" in text:
        expected = "expected lines that end with LF or CRLF"
        return Problem(
            1, line.offset, None, "holds a carriage return without a line feed", expected
        )
    fields, fault = _scan(text)
    if fault is not None:
        return Problem(1, line.offset, None, f"field {fault.field + 1} {fault.reason}")
    return tuple(field or "" for field in fields)


Prove = Callable[[Record], object]


def read_records(
    lines: Iterator[Line], header: tuple[str, ...], prove: Prove | None = None
) -> Iterator[Item]:
    """Yield what follows the header: records, fields in the header's order, blanks, problems.

    `prove` returns a `Problem` for a record that is not to be loaded. One of several lines is not
    taken for a record then: its first line is the problem, and reading goes on at the second.
    """
    width = len(header)
    split = _Splitter(width)
    source = _Lines(lines)
    while (line := source.take()) is not None:
        number, offset, raw = line
        if raw is None or len(raw) > MAX_RECORD_BYTES:
            yield Problem(number, offset, None, "is longer than 8 MiB", raw=raw)
            continue
        try:
            text = without_line_end(raw.decode())
        except UnicodeDecodeError:
            yield Problem(number, offset, None, "is not valid UTF-8", raw=raw)
            continue
        if not text and width > 1:
            yield Blank(number, offset)
        elif len(raw) <= MAX_FIELD_BYTES and (fields := split(text)) is not None:
            yield Record(number, offset, raw, fields)
        else:
            yield _read_carefully(line, text, header, source, prove)


class _Splitter:
    """Splits a well-formed text of the right width into its fields; returns None for any other."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._match = re.compile(",".join([f"({_QUOTED}|{_PLAIN})"] * width)).fullmatch

    def __call__(self, text: str) -> tuple[str | None, ...] | None:
        if '"' in text or "\r" in text or "\0" in text:
            match = self._match(text)
            return None if match is None else tuple([_unquoted(cell) for cell in match.groups()])
        cells = text.split(",")
        return tuple([cell or None for cell in cells]) if len(cells) == self._width else None


def _unquoted(cell: str) -> str | None:
    if not cell:
        return None
    return cell[1:-1].replace('""', '"') if cell[0] == '"' else cell


def _read_carefully(
    line: Line, text: str, header: tuple[str, ...], source: _Lines, prove: Prove | None
) -> Record | Problem:
    """Read a line that is not a record of the right width by itself."""
    raw, more = line.raw or b"", list[Line]()
    fields, fault = _scan(text)
    if fault is not None and fault.is_open:
        more = _rest_of_quotes(raw, source)
        raw = b"".join([raw, *(part.raw or b"" for part in more)])
        fields, joined_fault = _scan_bytes(raw)
        fault = None if more and joined_fault is None and len(fields) == len(header) else fault
        if fault is not None:
            source.put_back(more)
    if fault is None and len(fields) == len(header):
        fault = _oversized(fields)
    if fault is not None:
        column = header[fault.field] if fault.field < len(header) else None
        return Problem(line.number, line.offset, column, fault.reason, raw=line.raw)
    if len(fields) != len(header):
        reason = f"has {_counted(len(fields))}, the header has {len(header)}"
        return Problem(line.number, line.offset, None, reason, raw=line.raw)
    record = Record(line.number, line.offset, raw, tuple(fields))
    if more and prove is not None and isinstance(problem := prove(record), Problem):
        source.put_back(more)
        return problem._replace(raw=line.raw)
    return record


def _rest_of_quotes(raw: bytes, source: _Lines) -> list[Line]:
    """Take lines until every quote opened in `raw` can be closed; none when they never are."""
    taken: list[Line] = []
    size, quotes = len(raw), raw.count(b'"')
    while quotes % 2 and len(taken) < _MAX_RECORD_LINES - 1:
        line = source.take()
        if line is None:
            break
        taken.append(line)
        size += len(line.raw) if line.raw is not None else MAX_RECORD_BYTES + 1
        if line.raw is None or size > MAX_RECORD_BYTES:
            break
        quotes += line.raw.count(b'"')
    if quotes % 2 == 0 and size <= MAX_RECORD_BYTES:
        return taken
    source.put_back(taken)
    return []


def _scan_bytes(raw: bytes) -> tuple[list[str | None], _Fault | None]:
    try:
        return _scan(without_line_end(raw.decode()))
    except UnicodeDecodeError:
        return [], _Fault(0, "is not valid UTF-8")


def _scan(text: str) -> tuple[list[str | None], _Fault | None]:
    """Return the fields up to the first fault, and the fault if there is one."""
    fields: list[str | None] = []
    at = 0
    while (match := _FIELD.match(text, at)) is not None:
        fields.append(_unquoted(match[1]))
        if match.end() == len(text):
            return fields, None
        at = match.end() + 1
    return fields, _fault(text, at, len(fields))


def _fault(text: str, at: int, field: int) -> _Fault:
    if not text.startswith('"', at):
        cell = text[at:].split(",", 1)[0]
        reasons = {"\0": "holds a NUL byte", '"': "holds a quote but is not quoted"}
        first = next((mark for mark in cell if mark in reasons), "\r")
        return _Fault(field, reasons.get(first, "holds a carriage return but is not quoted"))
    if _CLOSED.match(text, at) is not None:
        return _Fault(field, "goes on after its closing quote")
    if "\0" in text[at:]:
        return _Fault(field, "holds a NUL byte")
    return _Fault(field, "opens a quote that is not closed", is_open=True)


def _oversized(fields: list[str | None]) -> _Fault | None:
    for index, field in enumerate(fields):
        if field is not None and len(field.encode()) > MAX_FIELD_BYTES:
            return _Fault(index, "is longer than 1 MiB")
    return None


def _counted(fields: int) -> str:
    return f"{fields:,} field" if fields == 1 else f"{fields:,} fields"
