"""Refused records waiting to be written: on disk when they are many, gone when they are read."""

import json
import tempfile
from collections.abc import Iterator

from loader.records import Problem

_IN_MEMORY_BYTES = 8 << 20


class Spool:
    """Problems in the order they were found, with their exact bytes."""

    def __init__(self) -> None:
        """Begin empty, in memory."""
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115  # see close

    def append(self, problem: Problem) -> None:
        """Add a problem whose line was kept."""
        raw = problem.raw or b""
        head = json.dumps([*problem[:6], len(raw)]).encode()
        self._file.write(len(head).to_bytes(4) + head + raw)

    def close(self) -> None:
        """Give up what was not read."""
        self._file.close()

    def __iter__(self) -> Iterator[Problem]:
        """Yield every problem; the spool is empty and closed afterwards."""
        with self._file as file:
            file.seek(0)
            while size := file.read(4):
                line, offset, column, reason, expected, cell, length = json.loads(
                    file.read(int.from_bytes(size))
                )
                yield Problem(line, offset, column, reason, expected, cell, file.read(length))
