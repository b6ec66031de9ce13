"""One file on this machine: opened without following a link out, and watched for change."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from loader.errors import UsageError
from loader.inputs.origins import changed, unreadable
from loader.one_line import on_one_line

# Without O_NONBLOCK, opening a pipe put in the file's place would wait for ever.
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


@dataclass(frozen=True)
class LocalFile:
    """A regular file; `path` is spelled as it was given or found.

    `root` is the folder, without links, it was found in and must not lead out of; None for a
    file that was named itself, which may be a link.
    """

    path: Path
    size: int | None
    root: Path | None = None
    etag: None = None

    @property
    def place(self) -> str:
        """The file as messages call it."""
        return on_one_line(str(self.path))

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return self.path.name

    @property
    def uri(self) -> str:
        """Where the file lies, without links and independent of the current folder."""
        return self.path.resolve().as_uri()

    def open(self) -> "OpenFile":
        """Open the file; raise `DataRefusedError`, and `UsageError` for what is no file."""
        try:
            handle = os.open(self.path, _FLAGS) if self.root is None else self._open_below()
        except OSError as error:
            raise unreadable(self.place, error.strerror or "unknown error") from None
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise special(self.path)
        return OpenFile(self, os.fdopen(handle, "rb", buffering=0))

    def _open_below(self) -> int:
        """Open the file from its root on, part by part and without following any link."""
        root = self.root or Path()
        resolved = self.path.resolve(strict=True)
        if not resolved.is_relative_to(root):
            raise link_out(self.path, root)
        *folders, name = resolved.relative_to(root).parts
        handle = os.open(root, _FLAGS | os.O_DIRECTORY)
        try:
            for folder in folders:
                below = os.open(folder, _FLAGS | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=handle)
                os.close(handle)
                handle = below
            return os.open(name, _FLAGS | os.O_NOFOLLOW, dir_fd=handle)
        finally:
            os.close(handle)


class OpenFile:
    """An open file that knows what it was like when it was opened."""

    def __init__(self, file: LocalFile, stream: IO[bytes]) -> None:
        """Remember size, time of change and identity."""
        self.stream = stream
        self._file = file
        self._before = _state(os.fstat(stream.fileno()))

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end; raise `DataRefusedError`."""
        try:
            return self.stream.read(size)
        except OSError as error:
            raise unreadable(self._file.place, error.strerror or "unknown error") from None

    def seek(self, offset: int) -> None:
        """Go on at `offset`."""
        self.stream.seek(offset)

    def check(self) -> None:
        """Raise `DataRefusedError` when the file changed, or its path names another one."""
        try:
            named = os.stat(self._file.path)  # noqa: PTH116
        except OSError:
            raise changed(self._file.place) from None
        if not self._before == _state(os.fstat(self.stream.fileno())) == _state(named):
            raise changed(self._file.place)

    def close(self) -> None:
        """Close the file."""
        self.stream.close()


def special(path: Path) -> UsageError:
    """Return the refusal of a pipe, a device, or the like."""
    return UsageError(f"{path}: is neither a file nor a folder")


def link_out(path: Path, folder: Path) -> UsageError:
    """Return the refusal of a link that leads out of the folder it was found in."""
    return UsageError(
        f"{path}: is a link to a place outside of {folder}",
        "name the file itself if it is to be loaded",
    )


def _state(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
