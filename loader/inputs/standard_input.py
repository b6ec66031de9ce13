"""Standard input, kept in a file without a name so that it can be read more than once."""

import os
import sys
import tempfile
import weakref
from functools import cached_property
from typing import IO

from loader.errors import DataRefusedError, UsageError
from loader.inputs.limits import Limits
from loader.inputs.origins import NOTHING_OF_IT, unreadable

_CHUNK_BYTES = 1 << 20
PLACE = "standard input"


class StandardInput:
    """What is piped into the command; taken in whole when it is opened for the first time."""

    place = name = PLACE
    uri = "stdin:"
    size = None
    etag = None

    def __init__(self, limits: Limits) -> None:
        """Read nothing yet."""
        self._limits = limits

    def open(self) -> "OpenSpool":
        """Open it; raise `UsageError` on a terminal, `DataRefusedError` if it does not fit."""
        return OpenSpool(self, self._spool)

    @cached_property
    def _spool(self) -> IO[bytes]:
        """The temporary file, which lives as long as this object."""
        if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
            message = f"{PLACE}: nothing is piped into it"
            raise UsageError(
                message, "nothing was loaded; for example: zcat usage.gz | loader load -"
            )
        spool = tempfile.TemporaryFile(prefix="loader-")  # noqa: SIM115
        try:
            self._fill(spool)
        except OSError as error:
            spool.close()
            raise unreadable(PLACE, error.strerror or "unknown error") from None
        except BaseException:
            spool.close()
            raise
        weakref.finalize(self, spool.close)
        return spool

    def _fill(self, spool: IO[bytes]) -> None:
        size = 0
        while chunk := sys.stdin.buffer.read(_CHUNK_BYTES):
            size += len(chunk)
            if size > self._limits.bytes:
                message = f"{PLACE}: holds more than {self._limits.bytes:,} bytes"
                raise DataRefusedError(
                    message, f"{NOTHING_OF_IT}; LOADER_MAX_BYTES allows more, a file needs none"
                )
            spool.write(chunk)
        spool.flush()


class OpenSpool:
    """One reading of the spool, with a position of its own."""

    def __init__(self, owner: StandardInput, spool: IO[bytes]) -> None:
        """Begin at the start; the spool lives as long as its owner, who is kept for that."""
        self._owner = owner
        self.stream = spool
        self._offset = 0

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end; raise `DataRefusedError`."""
        try:
            chunk = os.pread(self.stream.fileno(), size, self._offset)
        except OSError as error:
            raise unreadable(PLACE, error.strerror or "unknown error") from None
        self._offset += len(chunk)
        return chunk

    def seek(self, offset: int) -> None:
        """Go on at `offset`."""
        self._offset = offset

    def check(self) -> None:
        """Nobody else can reach the file, so it is the same."""

    def close(self) -> None:
        """Keep the file: it may be opened again."""
