"""Files the loader writes for people: whole or not at all, never half of one."""

import fcntl
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from loader.errors import UsageError

_MARK = ".loader-"
_END = ".tmp"


@contextmanager
def replaced(path: Path, what: str = "") -> Iterator[BinaryIO]:
    """Yield a stream whose content is at `path` in one step when the block ends without an error.

    Until then, and after an error, what stood at `path` stands there still. What a writer of the
    same file left when it was killed is removed. Raises `UsageError` when `path` is no regular file
    or cannot be written; `what` is its word for the file's content.
    """
    failure = f"{path}: {what} cannot be written" if what else f"{path}: cannot be written"
    if path.exists() and not path.is_file():
        message = f"{failure}: it is not a regular file"
        raise UsageError(message, "name a file to write")
    try:
        _sweep(path)
        handle, name = _held_file(path)
    except OSError as error:
        raise _unwritable(failure, error) from error
    try:
        # In its place before it is closed: closing gives up the lock that tells it from a dead one.
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fchmod(handle, 0o666 & ~_umask())
            Path(name).replace(path)
    except OSError as error:
        raise _unwritable(failure, error) from error
    finally:
        with suppress(OSError):
            Path(name).unlink()


def _held_file(path: Path) -> tuple[int, str]:
    """Return a new file beside `path`, locked for as long as its writer lives, and its name."""
    while True:
        handle, name = tempfile.mkstemp(_END, f".{path.name}{_MARK}", path.parent)
        # A file system without locks has no sweep either: that one has to get the lock.
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        # Another writer's sweep may have come between the two.
        if os.fstat(handle).st_nlink:
            return handle, name
        os.close(handle)


def _sweep(path: Path) -> None:
    """Remove unfinished files for `path` that no living writer holds."""
    ours = re.compile(re.escape(f".{path.name}{_MARK}") + r"\w{8}" + re.escape(_END))
    # A folder one may write to and not list keeps them.
    with suppress(OSError):
        for left in list(path.parent.iterdir()):
            if ours.fullmatch(left.name) and not left.is_symlink():
                with suppress(OSError), left.open("rb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    left.unlink()


def _unwritable(failure: str, error: OSError) -> UsageError:
    message = f"{failure}: {error.strerror}"
    return UsageError(message, "name a file in a folder that exists and is yours to write to")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
