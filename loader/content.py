"""The bytes of a file as they are loaded: decompressed, counted and hashed while they are read."""

import hashlib
from collections.abc import Callable

from loader.inputs import Input, Reader

# Files up to this size are read before anything else happens, so that their hash is known at once.
SMALL_BYTES = 4 << 20
_PART_BYTES = 1 << 20


class HashedContent:
    """Reads a file once; `sha256` and `bytes` are those of what was handed out so far.

    A small file is read whole at the beginning: `is_whole` says so, and its hash is final then.
    `beginning` is the hash of what was read then.
    """

    def __init__(self, reader: Reader) -> None:
        """Read the beginning, or all of a small file."""
        self._reader = reader
        self._hash = hashlib.sha256()
        self.bytes = 0
        self._first = b"".join(_parts(self._next, SMALL_BYTES))
        self._at = 0
        self.beginning = self.sha256
        self.is_whole = len(self._first) < SMALL_BYTES

    @property
    def sha256(self) -> str:
        """The hash in hexadecimal."""
        return self._hash.hexdigest()

    def read(self, size: int) -> bytes:
        """Return the next bytes, `size` at most, none at the end."""
        if self._at < len(self._first):
            part = self._first[self._at : self._at + size]
            self._at += len(part)
            return part
        if self.is_whole:
            return b""
        self._first = b""
        self._at = 0
        return self._next(size)

    def _next(self, size: int) -> bytes:
        part = self._reader.read(size)
        self._hash.update(part)
        self.bytes += len(part)
        return part


def _parts(read: Callable[[int], bytes], size: int) -> list[bytes]:
    parts = []
    while size and (part := read(min(size, _PART_BYTES))):
        parts.append(part)
        size -= len(part)
    return parts


def hash_of(file: Input, each_part: Callable[[], None] = lambda: None) -> str:
    """Return the hash of a file's content, read through for that alone.

    `each_part` is called after every part that was read.
    """
    digest = hashlib.sha256()
    with file.open() as reader:
        while part := reader.read(_PART_BYTES):
            digest.update(part)
            each_part()
    return digest.hexdigest()
