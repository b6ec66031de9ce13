"""A CSV file cut into blocks of whole lines, each proven to be plain or read with care.

A block is plain when every line of it is a well-formed record by itself: quotes only around whole
fields and doubled inside, no newline in quotes, no NUL, carriage returns only before line feeds.
Any strict parser then reads the same records from it, so it can go to a fast one. Where that does
not hold, the careful reader of `loader.csv_records` goes over the lines, and blocks begin again
where it stops: each block starts where a record starts, whatever lies before it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from loader.csv_records import Prove, read_records
from loader.errors import DataRefusedError
from loader.lines import Line, physical_lines
from loader.records import MAX_FIELD_BYTES, MAX_KEPT_BYTES, Item

# No longer than a field may be: what fits into a plain block needs no check of its size.
BLOCK_BYTES = MAX_FIELD_BYTES
_ONE, _LAST_BIT = np.uint64(1), np.uint64(63)
_DOUBLING = tuple(np.uint64(1 << step) for step in range(6))
_Words = np.ndarray[tuple[int], np.dtype[np.uint64]]


@dataclass(frozen=True)
class PlainBlock:
    """Whole lines, each of them one well-formed record of any width."""

    data: bytes
    line_number: int
    byte_offset: int
    lines: int


@dataclass(frozen=True)
class ReadBlock:
    """Lines that were not plain, as the careful reader read them."""

    items: list[Item]


Block = PlainBlock | ReadBlock


@dataclass
class _Position:
    line_number: int
    byte_offset: int


def csv_blocks(
    read: Callable[[int], bytes],
    first: Line,
    header: tuple[str, ...],
    place: str,
    prove: Prove | None = None,
) -> Iterator[Block]:
    """Yield the blocks of what `read` returns, which begins at the line `first`.

    `first.raw` holds bytes that were read already; `prove` is as in `csv_records`. Raises
    `DataRefusedError` for a line over 32 MiB, after which nothing of the file can be trusted.
    """
    at, kept = _Position(first.number, first.offset), first.raw or b""
    while True:
        data = _filled(read, kept)
        if not data:
            return
        cut = data.rfind(b"\n", 0, BLOCK_BYTES) + 1
        block = data[:cut]
        lines = count_plain_lines(block) if block else None
        if lines is not None:
            yield PlainBlock(block, at.line_number, at.byte_offset, lines)
            kept = data[cut:]
            at = _Position(at.line_number + lines, at.byte_offset + cut)
        else:
            careful = _Careful(read, data, at, place)
            end = at.byte_offset + (cut or len(data))
            yield careful.read_to(end, lambda lines: read_records(lines, header, prove))
            kept, at = careful.rest()


def _filled(read: Callable[[int], bytes], kept: bytes) -> bytes:
    """Return at least a block's bytes, fewer only at the end of the file."""
    parts, size = [kept], len(kept)
    while size < BLOCK_BYTES and (part := read(BLOCK_BYTES - size)):
        parts.append(part)
        size += len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def count_plain_lines(data: bytes) -> int | None:
    """Return how many lines `data` has when each is a record by itself, None when one is not.

    `data` must start at the start of a record and end with a line feed.
    """
    if b"\0" in data or (b"\r" in data and data.count(b"\r") != data.count(b"\r\n")):
        return None
    ends = _places(data, "\n")
    if b'"' in data and not _has_quotes_around_fields(data, ends):
        return None
    return int(np.bitwise_count(ends).sum())


def _places(data: bytes, character: str) -> _Words:
    """Return one bit for each byte, the lowest of a word first: whether it is the character."""
    found = np.frombuffer(data, np.uint8) == ord(character)
    bits = np.packbits(found, bitorder="little")
    words = np.zeros(-(-len(data) // 64), np.dtype("<u8"))
    words.view(np.uint8)[: len(bits)] = bits
    return words


def _has_quotes_around_fields(data: bytes, ends: _Words) -> bool:
    """Say whether every quote opens a field, closes one, or is one of a doubled pair inside.

    Counted from the start of a record, every other quote opens: behind a comma, at the start of a
    line, or right behind the quote it doubles. The others close, the same way round. Sixty-four
    bytes are looked at in one step; a bit of `inside` says whether the quotes up to there are odd.
    """
    quotes = _places(data, '"')
    inside = quotes.copy()
    for shift in _DOUBLING:
        inside ^= inside << shift
    odd = np.bitwise_xor.accumulate(inside >> _LAST_BIT)
    if odd[-1]:
        return False
    # Where the words before hold an odd number of quotes, all of a word is the other way round.
    inside[1:] ^= -odd[:-1]
    # No line may end between a quote that opens and the one that closes.
    if (ends & inside).any():
        return False
    borders = _places(data, ",") | ends | quotes
    before = borders << _ONE
    before[1:] |= borders[:-1] >> _LAST_BIT
    # Before the first byte stands the end of a line.
    before[0] |= _ONE
    if (quotes & inside & ~before).any():
        return False
    if b"\r" in data:
        borders |= _places(data, "\r")
    after = borders >> _ONE
    after[:-1] |= borders[1:] << _LAST_BIT
    return not (quotes & ~inside & ~after).any()


class _Careful:
    """The careful reader over bytes that are not plain, and over as many more as it needs."""

    def __init__(
        self,
        read: Callable[[int], bytes],
        data: bytes,
        at: _Position,
        place: str,
    ) -> None:
        self._read, self._at, self._place = read, at, place
        self._parts = [data]
        self._resume: _Position | None = None

    def read_to(self, end: int, records: Callable[[Iterator[Line]], Iterator[Item]]) -> ReadBlock:
        """Read the records that start before the byte offset `end`."""
        items: list[Item] = []
        lines = physical_lines(self._chunks(), self._at.line_number, self._at.byte_offset)
        for item in records(lines):
            if item.byte_offset >= end:
                self._resume = _Position(item.line_number, item.byte_offset)
                break
            items.append(item)
        return ReadBlock(items)

    def rest(self) -> tuple[bytes, _Position]:
        """Return the bytes not yet read, and where they start."""
        if self._resume is None:
            return b"", self._at
        data = b"".join(self._parts)
        return data[self._resume.byte_offset - self._at.byte_offset :], self._resume

    def _chunks(self) -> Iterator[bytes]:
        yield self._parts[0]
        size = len(self._parts[0])
        while part := self._read(BLOCK_BYTES // 4):
            self._parts.append(part)
            size += len(part)
            if size > 2 * MAX_KEPT_BYTES:
                message = f"{self._place}: holds a line of more than {MAX_KEPT_BYTES >> 20} MiB"
                hint = f"nothing was loaded; it is near line {self._at.line_number:,}"
                raise DataRefusedError(message, hint)
            yield part
