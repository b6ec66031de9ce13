"""Files named on the command line: which ones they are, and their bytes with a hash of them."""

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path
from typing import NoReturn

from loader.errors import DataRefusedError, UsageError

_SUFFIXES = (".csv", ".json", ".jsonl", ".ndjson")
_CHUNK_BYTES = 1 << 18


@dataclass(frozen=True)
class LocalFile:
    """A regular file; `path` is spelled as it was given or found."""

    path: Path

    @property
    def place(self) -> str:
        """The file as messages call it."""
        return str(self.path)

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return self.path.name

    @property
    def uri(self) -> str:
        """Where the file lies, without links and independent of the current folder."""
        return self.path.resolve().as_uri()


class Source:
    """One reading of a file: its bytes in chunks, counted and hashed as they are handed out."""

    def __init__(self, file: LocalFile) -> None:
        """Begin nothing yet: the file is opened when its chunks are asked for."""
        self._file = file
        self._hash = hashlib.sha256()
        self.bytes_read = 0

    @property
    def sha256(self) -> str:
        """The hash, in hexadecimal, of the bytes handed out so far."""
        return self._hash.hexdigest()

    def chunks(self) -> Iterator[bytes]:
        """Yield the file's bytes; raise `DataRefusedError` when it cannot be read."""
        try:
            # Without O_NONBLOCK, opening a pipe put in the file's place would wait for ever.
            handle = os.open(self._file.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            with os.fdopen(handle, "rb", buffering=0) as stream:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise _special(self._file.path)
                while chunk := stream.read(_CHUNK_BYTES):
                    self._hash.update(chunk)
                    self.bytes_read += len(chunk)
                    yield chunk
        except OSError as error:
            message = f"{self._file.place}: cannot be read: {error.strerror}"
            raise DataRefusedError(message, "nothing of it was loaded") from None


def read_through(file: LocalFile) -> Source:
    """Return a reading of the whole file, for its hash and size."""
    source = Source(file)
    for _ in source.chunks():
        pass
    return source


def expand(paths: Sequence[str]) -> tuple[LocalFile, ...]:
    """Return the files that files, folders and globs stand for, sorted, each one once.

    A folder stands for the exports anywhere below it: names that end in .csv, .json, .jsonl or
    .ndjson and start with neither `.` nor `_`. Raises `UsageError` for a path that is missing,
    special or a link out of its folder, and for a folder or glob without any file to load.
    """
    found: dict[Path, Path] = {}
    for argument in paths:
        for path in _expand_one(argument):
            found.setdefault(path.resolve(), path)
    return tuple(LocalFile(path) for path in sorted(found.values()))


def _expand_one(argument: str) -> list[Path]:
    path = Path(argument)
    if path.is_dir():
        return _in_folder(path)
    if path.exists():
        if not path.is_file():
            raise _special(path)
        return [path]
    if not has_magic(argument):
        message = f"{argument}: no such file or folder"
        raise UsageError(message)
    matches = [part for match in _glob(argument) for part in _matched(match)]
    if not matches:
        message = f"{argument}: matches no file"
        raise UsageError(message)
    return matches


def _glob(pattern: str) -> list[str]:
    # Path.glob takes no absolute pattern, and would drop a leading ./ from what is shown.
    return sorted(glob(pattern, recursive=True))  # noqa: PTH207


def _matched(match: str) -> list[Path]:
    """Return a glob's match, which is a file asked for, or a folder that may hold nothing."""
    path = Path(match)
    if path.is_dir():
        return _below(path)
    return _expand_one(match) if path.exists() else []


def _in_folder(folder: Path) -> list[Path]:
    files = _below(folder)
    if not files:
        message = f"{folder}: holds nothing to load"
        raise UsageError(
            message, f"a folder's files are loaded when they end in {', '.join(_SUFFIXES)}"
        )
    return files


def _refuse_unreadable(error: OSError) -> NoReturn:
    message = f"{error.filename}: cannot be read: {error.strerror}"
    raise UsageError(message, "nothing was loaded: a folder that is left out would not be missed")


def _below(folder: Path) -> list[Path]:
    files = []
    for root, folders, names in os.walk(folder, onerror=_refuse_unreadable):
        linked = [name for name in folders if Path(root, name).is_symlink()]
        for name in linked:
            _refuse_link_out(Path(root, name), folder)
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        for name in names:
            if name.startswith((".", "_")) or not name.lower().endswith(_SUFFIXES):
                continue
            path = Path(root, name)
            _refuse_link_out(path, folder)
            if not path.is_file():
                raise _special(path)
            files.append(path)
    return files


def _refuse_link_out(path: Path, folder: Path) -> None:
    if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
        message = f"{path}: is a link to a place outside of {folder}"
        raise UsageError(message, "name the file itself if it is to be loaded")


def _special(path: Path) -> UsageError:
    return UsageError(f"{path}: is neither a file nor a folder")
