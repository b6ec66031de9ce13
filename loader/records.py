"""What a parser yields of a file: a record, a blank line, or a problem, each with its place.

Line numbers count physical lines from 1; byte offsets count from 0 in the bytes as they were read.
"""

from typing import NamedTuple

MAX_FIELD_BYTES = 1 << 20
MAX_RECORD_BYTES = 8 << 20
# Longer lines than records may be are kept whole for `loader.rejects`, up to this.
MAX_KEPT_BYTES = 32 << 20


class Record(NamedTuple):
    """One well-formed record: `raw` with its line end, `fields` decoded, `None` for null."""

    line_number: int
    byte_offset: int
    raw: bytes
    fields: tuple[str | None, ...]


class Blank(NamedTuple):
    """A line that holds nothing at all; it is counted, and is neither loaded nor refused."""

    line_number: int
    byte_offset: int


class Problem(NamedTuple):
    """Why one line is refused.

    `column` is the declared column, or the header's spelling where only the file's structure is
    known. `expected` says what would have been accepted. `cell` is the offending value ready to
    be shown, or `None` when it must not be shown. `raw` holds the refused line exactly as it was
    read, its line end included, or `None` when it is longer than 32 MiB.
    """

    line_number: int
    byte_offset: int
    column: str | None
    reason: str
    expected: str | None = None
    cell: str | None = None
    raw: bytes | None = None


Item = Record | Blank | Problem
