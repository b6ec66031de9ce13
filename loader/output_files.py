"""Files the loader writes for people: whole or not at all, never half of one."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from loader.errors import UsageError


@contextmanager
def replaced(path: Path, what: str = "") -> Iterator[BinaryIO]:
    """Yield a stream whose content is at `path` in one step when the block ends without an error.

    Until then, and after an error, what stood at `path` stands there still. Raises `UsageError`
    when `path` is no regular file or cannot be written; `what` is its word for the file's content.
    """
    failure = f"{path}: {what} cannot be written" if what else f"{path}: cannot be written"
    if path.exists() and not path.is_file():
        message = f"{failure}: it is not a regular file"
        raise UsageError(message, "name a file to write")
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    except OSError as error:
        raise _unwritable(failure, error) from error
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            os.fchmod(handle, 0o666 & ~_umask())
        Path(name).replace(path)
    except OSError as error:
        raise _unwritable(failure, error) from error
    finally:
        with suppress(OSError):
            Path(name).unlink()


def _unwritable(failure: str, error: OSError) -> UsageError:
    message = f"{failure}: {error.strerror}"
    return UsageError(message, "name a file in a folder that exists and is yours to write to")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
