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
from loader.records import MAX_KEPT_BYTES, Item

# Every block costs some calls of NumPy and Arrow for each column, whatever its size.
BLOCK_BYTES = 2 << 20
# What is not plain is looked at in parts of this size: an odd line costs its neighbours little.
PART_BYTES = 1 << 18
# So few bytes are read with care in less time than the calls take: an hour of usage, say.
FEW_BYTES = 8 << 10
_ONE, _LAST_BIT = np.uint64(1), np.uint64(63)
_DOUBLING = tuple(np.uint64(1 << step) for step in range(6))
_Bytes = np.ndarray[tuple[int], np.dtype[np.uint8]]
_Words = np.ndarray[tuple[int], np.dtype[np.uint64]]


@dataclass(frozen=True)
class PlainBlock:
    """Whole lines, each of them one well-formed record of any width, no longer than a block."""

    data: memoryview
    line_number: int
    byte_offset: int
    lines: int
    is_ascii: bool = False

    def parts(self) -> "Iterator[PlainBlock]":
        """Yield the block in small parts, in order."""
        data, start, line_number = bytes(self.data), 0, self.line_number
        while start < len(data):
            end = data.rfind(b"\n", start, start + PART_BYTES) + 1 or data.find(b"\n", start) + 1
            lines = data.count(b"\n", start, end)
            offset = self.byte_offset + start
            yield PlainBlock(self.data[start:end], line_number, offset, lines, self.is_ascii)
            start, line_number = end, line_number + lines


@dataclass(frozen=True)
class ReadBlock:
    """Lines that were not plain, or few, as the careful reader read them."""

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
        block = _plain_block(data, at)
        if block is not None:
            yield block
            kept = data[len(block.data) :]
            at = _Position(at.line_number + block.lines, at.byte_offset + len(block.data))
        else:
            careful = _Careful(read, data, at, place)
            cut = data.rfind(b"\n", 0, min(PART_BYTES, BLOCK_BYTES)) + 1
            end = at.byte_offset + (cut or len(data))
            yield careful.read_to(end, lambda lines: read_records(lines, header, prove))
            kept, at = careful.rest()


def _plain_block(data: bytes, at: _Position) -> PlainBlock | None:
    """Return as much of the beginning as is plain, a whole block or else a part of one."""
    if len(data) < FEW_BYTES:
        return None
    for size in (BLOCK_BYTES, min(PART_BYTES, BLOCK_BYTES)):
        cut = data.rfind(b"\n", 0, size) + 1
        lines = count_plain_lines(data, cut) if cut else None
        if lines is not None:
            view = memoryview(data)[:cut]
            return PlainBlock(view, at.line_number, at.byte_offset, lines, data.isascii())
    return None


def _filled(read: Callable[[int], bytes], kept: bytes) -> bytes:
    """Return at least a block's bytes, fewer only at the end of the file."""
    parts, size = [kept], len(kept)
    while size < BLOCK_BYTES and (part := read(BLOCK_BYTES - size)):
        parts.append(part)
        size += len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def count_plain_lines(data: bytes, size: int) -> int | None:
    """Return how many lines the first `size` bytes have when each is a record by itself.

    None when one is not. They must start at the start of a record and end with a line feed.
    """
    has_returns = data.find(b"\r", 0, size) >= 0
    if data.find(b"\0", 0, size) >= 0 or (
        has_returns and data.count(b"\r", 0, size) != data.count(b"\r\n", 0, size)
    ):
        return None
    text = np.frombuffer(data, np.uint8, size)
    ends = _places(text, "\n")
    has_quotes = data.find(b'"', 0, size) >= 0
    if has_quotes and not _has_quotes_around_fields(text, ends, has_returns=has_returns):
        return None
    return int(np.bitwise_count(ends).sum())


def _places(text: _Bytes, character: str) -> _Words:
    """Return one bit for each byte, the lowest of a word first: whether it is the character."""
    bits = np.packbits(text == ord(character), bitorder="little")
    words = np.zeros(-(-len(text) // 64), np.dtype("<u8"))
    words.view(np.uint8)[: len(bits)] = bits
    return words


def _has_quotes_around_fields(text: _Bytes, ends: _Words, *, has_returns: bool) -> bool:
    """Say whether every quote opens a field, closes one, or is one of a doubled pair inside.

    Counted from the start of a record, every other quote opens: behind a comma, at the start of a
    line, or right behind the quote it doubles. The others close, the same way round. Sixty-four
    bytes are looked at in one step; a bit of `inside` says whether the quotes up to there are odd.
    """
    quotes = _places(text, '"')
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
    borders = _places(text, ",") | ends | quotes
    before = borders << _ONE
    before[1:] |= borders[:-1] >> _LAST_BIT
    # Before the first byte stands the end of a line.
    before[0] |= _ONE
    if (quotes & inside & ~before).any():
        return False
    if has_returns:
        borders |= _places(text, "\r")
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
