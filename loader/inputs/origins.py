"""Where stored bytes come from: what a file, standard input and an object have in common."""

from collections.abc import Callable
from typing import IO, Protocol

from loader.errors import DataRefusedError

NOTHING_OF_IT = "nothing of it was loaded"


class Stored(Protocol):
    """An open file or object."""

    @property
    def stream(self) -> IO[bytes]:
        """The stored bytes, for `zipfile`; can be sought in."""
        ...

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end; raise `DataRefusedError`."""
        ...

    def seek(self, offset: int) -> None:
        """Go on at `offset`, in bytes; raise `DataRefusedError`."""
        ...

    def check(self) -> None:
        """Raise `DataRefusedError` when the bytes changed since they were opened."""
        ...

    def close(self) -> None:
        """Let go of the file or connection."""
        ...


class Origin(Protocol):
    """A file, standard input or object that can be opened as often as needed.

    `size` is in stored bytes; `etag` tells an object's content without reading it.
    """

    @property
    def place(self) -> str:
        """What messages call it."""
        ...

    @property
    def name(self) -> str:
        """Its name without a folder, as it is stored."""
        ...

    @property
    def uri(self) -> str:
        """Where it lies, the same from every folder."""
        ...

    @property
    def size(self) -> int | None:
        """Its stored bytes; None when unknown."""
        ...

    @property
    def etag(self) -> str | None:
        """What identifies its content; None for files."""
        ...

    def open(self) -> Stored:
        """Open it; raise `DataRefusedError`."""
        ...


def unreadable(place: str, why: str) -> DataRefusedError:
    """Return the refusal of what cannot be read."""
    return DataRefusedError(f"{place}: cannot be read: {why}", NOTHING_OF_IT)


def changed(place: str) -> DataRefusedError:
    """Return the refusal of what did not stay the same while it was read."""
    return DataRefusedError(
        f"{place}: changed while it was read",
        f"{NOTHING_OF_IT}; load it again when it is complete",
    )


Reading = Callable[[int], bytes]
