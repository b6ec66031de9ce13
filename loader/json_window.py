"""The part of a JSON file that is in memory: bounded, with line numbers and offsets."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from loader.json_scan import ValueScan, next_object, skip_space
from loader.lines import Line
from loader.records import MAX_KEPT_BYTES

# Behind the last brace of an element another can begin, in this array or in the next one.
_BOUNDARY = rb"\}[ \t\r\n]*+(?:%b|\][ \t\r]*+\n[ \t\r\n]*+\[[ \t\r\n]*+)(?=\{)"
_ANYWHERE = rb",[ \t\r\n]*+"
_PART_OF_BOUNDARY = re.compile(rb"\}[ \t\r\n]*+[,\]]?+[ \t\r\n]*+\[?+[ \t\r\n]*+\Z")
_MAX_GAP = 1 << 16


class Taken(NamedTuple):
    """A value cut out of a file; `fault` says why it is none, `raw` is None when it is too long."""

    line: Line
    fault: str | None = None
    is_cut: bool = False


class Window:
    """Bytes of a file from `offset` on, which stands on physical line `number`."""

    def __init__(self, chunks: Iterable[bytes], number: int = 1, offset: int = 0) -> None:
        self.number = number
        self.offset = offset
        self._chunks = iter(chunks)
        self._data = b""
        self._start = 0
        self._gap = b""
        self._has_dropped = False

    def peek(self) -> bytes:
        """Skip white space; return the byte that follows, or nothing at the end of the file."""
        gap = b""
        while True:
            match = skip_space(self._data, self._start)
            end = self._start if match is None else match.end()
            gap = (gap + self._data[self._start : end])[-_MAX_GAP:]
            self._move(end)
            if end < len(self._data):
                self._gap = gap
                return self._data[end : end + 1]
            if self._read_on(end) is None:
                return b""

    def skip(self) -> None:
        """Pass over the byte that `peek` returned."""
        self._move(self._start + 1)

    def take_objects(self) -> Iterator[Line]:
        """Yield the objects that follow here, each behind a comma and whole in memory."""
        data, at = self._data, self._start
        while (match := next_object(data, at)) is not None:
            begin, end = match.span(1)
            number = self.number + data.count(b"\n", at, begin)
            line = Line(number, self.offset + begin - at, data[begin:end])
            self.number = number + line.raw.count(b"\n") if line.raw else number
            self.offset += end - at
            self._start = at = end
            yield line

    def take_value(self, *, is_first: bool = False) -> Taken:
        """Cut out the value that begins here; where it is broken, up to where another can begin.

        Behind the first of an array, on lines of their own, elements are told from what is nested
        in them by their indentation.
        """
        number, offset = self.number, self.offset
        self._has_dropped = False
        scan, at = ValueScan(), self._start
        scan.last_string = at
        has_own_line = not is_first and b"\n" in self._gap
        between = rb"," + re.escape(self._gap) if has_own_line else _ANYWHERE
        while True:
            at = scan.run(self._data, at)
            if scan.is_whole:
                return Taken(Line(number, offset, self._cut(at)))
            if scan.fault is not None:
                raw = self._take_to_boundary(scan.last_string, between)
                return Taken(Line(number, offset, raw), scan.fault)
            shift = self._read_on(at)
            if shift is None:
                return Taken(Line(number, offset, self._cut(len(self._data))), None, is_cut=True)
            at -= shift
            scan.last_string = max(scan.last_string - shift, 0)

    def take_garbage(self) -> Line:
        """Cut out everything up to where an element could begin, or to the end of the file."""
        number, offset = self.number, self.offset
        self._has_dropped = False
        return Line(number, offset, self._take_to_boundary(self._start, _ANYWHERE))

    def _take_to_boundary(self, at: int, between: bytes) -> bytes | None:
        """Cut out what ends with the brace of the first boundary from `at` on."""
        search = re.compile(_BOUNDARY % between).search
        while (match := search(self._data, at)) is None:
            part = _PART_OF_BOUNDARY.search(self._data, max(at, len(self._data) - _MAX_GAP))
            at = len(self._data) if part is None else part.start()
            shift = self._read_on(at)
            if shift is None:
                return self._cut(len(self._data))
            at -= shift
        return self._cut(match.start() + 1)

    def _cut(self, end: int) -> bytes | None:
        raw = None if self._has_dropped else self._data[self._start : end]
        self._move(end)
        return None if raw is None or len(raw) > MAX_KEPT_BYTES else raw

    def _move(self, end: int) -> None:
        self.number += self._data.count(b"\n", self._start, end)
        self.offset += end - self._start
        self._start = end

    def _read_on(self, at: int) -> int | None:
        """Read more; return by how much positions moved, or None at the end of the file.

        What is before `at` is dropped once it is too long to be kept.
        """
        if at - self._start > MAX_KEPT_BYTES:
            self._has_dropped = True
            self._move(at)
        shift, wanted = self._start, len(self._data) - self._start
        chunks, size = [self._data[shift:]], 0
        for chunk in self._chunks:
            chunks.append(chunk)
            size += len(chunk)
            if size and size * 2 >= wanted:
                break
        if not size:
            return None
        self._data, self._start = b"".join(chunks), 0
        return shift
