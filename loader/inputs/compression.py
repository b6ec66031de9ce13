"""Gzip and Zstandard data, in as many members or frames as there are, up to the last checksum."""

import zlib
from typing import Protocol

import zstandard

from loader.errors import DataRefusedError
from loader.inputs.origins import NOTHING_OF_IT, Reading

CHUNK_BYTES = 1 << 16
GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = tuple(bytes([low]) + b"\x2a\x4d\x18" for low in range(0x50, 0x60))
# The window that `zstd` itself accepts unless told otherwise.
_MAX_WINDOW_BYTES = 1 << 27
# A block of four bytes may become 128 KiB: this many stored bytes become 32 MiB at the most.
_ZSTD_SLICE_BYTES = 1 << 10


class Decoder(Protocol):
    """Turns stored bytes into content."""

    @property
    def consumed(self) -> int:
        """The stored bytes that became the content handed out so far."""
        ...

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end; raise `DataRefusedError`."""
        ...


class Plain:
    """Bytes that are stored as they are."""

    def __init__(self, read: Reading) -> None:
        """Take stored bytes from `read`."""
        self._read = read
        self.consumed = 0

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end; raise `DataRefusedError`."""
        chunk = self._read(size)
        self.consumed += len(chunk)
        return chunk


class Gzip:
    """Gzip members one after the other; zeros after a member are padding."""

    def __init__(self, place: str, read: Reading) -> None:
        """Take stored bytes from `read`."""
        self._place = place
        self._read = read
        self._pending = b""
        self._member = zlib.decompressobj(wbits=31)
        self._inside = False
        self._members = 0
        self.consumed = 0

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end; raise `DataRefusedError`."""
        while self._inside or self._begin():
            self._pending = self._pending or self._read(CHUNK_BYTES)
            given = len(self._pending)
            content = self._inflate(size)
            self.consumed += given - len(self._pending)
            if content:
                return content
            if not given and self._inside:
                raise damaged(self._place, "ends in the middle of its gzip data")
        return b""

    def _inflate(self, size: int) -> bytes:
        try:
            content = self._member.decompress(self._pending, size)
        except zlib.error as error:
            raise damaged(self._place, f"is damaged: {reason(error)}") from None
        self._inside = not self._member.eof
        self._pending = self._member.unconsumed_tail or self._member.unused_data
        return content

    def _begin(self) -> bool:
        """Begin the next member; say whether there is one."""
        while True:
            if self._members:
                self._skip_zeros()
            if len(self._pending) >= len(GZIP_MAGIC) or not (more := self._read(CHUNK_BYTES)):
                break
            self._pending += more
        if not self._pending and self._members:
            return False
        if not self._pending.startswith(GZIP_MAGIC):
            raise _not_begun(self._place, "gzip", self._pending, self._members)
        self._member = zlib.decompressobj(wbits=31)
        self._members += 1
        return True

    def _skip_zeros(self) -> None:
        before = len(self._pending)
        self._pending = self._pending.lstrip(b"\0")
        self.consumed += before - len(self._pending)


class Zstd:
    """Zstandard frames one after the other."""

    def __init__(self, place: str, read: Reading) -> None:
        """Take stored bytes from `read`."""
        self._place = place
        self._read = read
        self._pending = b""
        self._content = memoryview(b"")
        self._frame = self._new_frame()
        self._inside = False
        self._frames = 0
        self.consumed = 0

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end; raise `DataRefusedError`."""
        while not self._content and (self._inside or self._begin()):
            self._pending = self._pending or self._read(CHUNK_BYTES)
            if not self._pending:
                raise damaged(self._place, "ends in the middle of its zstd data")
            self._content = memoryview(self._decompress(size))
        content, self._content = bytes(self._content[:size]), self._content[size:]
        return content

    def _decompress(self, size: int) -> bytes:
        """Take pending bytes in slices until they make `size` bytes or the frame ends."""
        parts = []
        stored, offset, made = memoryview(self._pending), 0, 0
        while self._inside and offset < len(stored) and made < size:
            part = stored[offset : offset + _ZSTD_SLICE_BYTES]
            try:
                parts.append(self._frame.decompress(part))
            except zstandard.ZstdError as error:
                raise damaged(self._place, f"is damaged: {reason(error)}") from None
            self._inside = not self._frame.eof
            offset += len(part) - len(self._frame.unused_data)
            made += len(parts[-1])
        self._pending = self._pending[offset:]
        self.consumed += offset
        return b"".join(parts)

    def _begin(self) -> bool:
        """Begin the next frame; say whether there is one."""
        while len(self._pending) < len(ZSTD_MAGIC) and (more := self._read(CHUNK_BYTES)):
            self._pending += more
        if not self._pending and self._frames:
            return False
        if not self._pending.startswith((ZSTD_MAGIC, *_SKIPPABLE)):
            raise _not_begun(self._place, "zstd", self._pending, self._frames)
        self._frame = self._new_frame()
        self._frames += 1
        self._inside = True
        return True

    @staticmethod
    def _new_frame() -> "zstandard.ZstdDecompressionObj":
        return zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW_BYTES).decompressobj()


def damaged(place: str, what: str) -> DataRefusedError:
    """Return the refusal of compressed data that is not whole."""
    return DataRefusedError(f"{place}: {what}", f"{NOTHING_OF_IT}; fetch the file again")


def reason(error: Exception) -> str:
    """Return the last part of a decompressor's message: `incorrect data check`."""
    return str(error).rpartition(": ")[2]


def _not_begun(place: str, kind: str, found: bytes, before: int) -> DataRefusedError:
    if before:
        return damaged(place, f"goes on after the end of its {kind} data")
    if not found:
        return damaged(place, f"is empty: even nothing, compressed with {kind}, has bytes")
    return damaged(place, f"is not {kind} data, as its name says")
