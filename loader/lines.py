"""Physical lines: a stream of bytes cut at every LF, with numbers, offsets and bounded memory."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from loader.errors import DataRefusedError
from loader.records import MAX_KEPT_BYTES

UTF8_MARK = b"\xef\xbb\xbf"
_FOREIGN_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


class Line(NamedTuple):
    """One physical line; `raw` keeps its line end, and is `None` for a line over 32 MiB."""

    number: int
    offset: int
    raw: bytes | None


def physical_lines(chunks: Iterable[bytes], number: int = 1, offset: int = 0) -> Iterator[Line]:
    """Yield the lines of `chunks`, however the bytes are cut into chunks.

    `number` and `offset` are where the first byte stands in the file. Only LF ends a line: the
    other characters `str.splitlines` stops at are data in an export.
    """
    kept, dropped = b"", 0
    for chunk in chunks:
        lines = (kept + chunk).split(b"\n")
        kept = lines.pop()
        for line in lines:
            size = dropped + len(line) + 1
            yield Line(number, offset, None if size > MAX_KEPT_BYTES else line + b"\n")
            number, offset, dropped = number + 1, offset + size, 0
        if dropped or len(kept) > MAX_KEPT_BYTES:
            dropped, kept = dropped + len(kept), b""
    if kept or dropped:
        yield Line(number, offset, None if dropped else kept)


def utf8_lines(chunks: Iterable[bytes], place: str) -> Iterator[Line]:
    """Yield the lines of `chunks` without a UTF-8 byte order mark.

    Raises `DataRefusedError` naming `place` when the file starts with the mark of another encoding.
    """
    for line in physical_lines(chunks):
        yield without_mark(line, place) if line.number == 1 else line


def without_mark(line: Line, place: str) -> Line:
    """Return a file's first line without a UTF-8 byte order mark; refuse other encodings' marks."""
    raw = line.raw or b""
    for mark, encoding in _FOREIGN_MARKS.items():
        if raw.startswith(mark):
            message = f"{place}: is {encoding}, not UTF-8"
            raise DataRefusedError(message, "nothing was loaded; save the file as UTF-8")
    if raw.startswith(UTF8_MARK):
        return Line(line.number, len(UTF8_MARK), raw[len(UTF8_MARK) :])
    return line


def without_line_end(text: str) -> str:
    """Return `text` without the LF or CRLF it ends with."""
    if text.endswith("\r\n"):
        return text[:-2]
    return text.removesuffix("\n")
