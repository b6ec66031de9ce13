"""The files on this machine that paths, folders and globs stand for."""

import os
from collections.abc import Iterator, Sequence
from glob import glob, has_magic
from pathlib import Path
from typing import NoReturn

from loader.errors import UsageError
from loader.inputs import names
from loader.inputs.local_files import LocalFile, link_out, special
from loader.one_line import on_one_line

# A file, and its path below the folder that was asked for; None when the file itself was.
FoundFile = tuple[LocalFile, str | None]


def find_files(argument: str) -> Iterator[FoundFile]:
    """Yield what a path stands for: itself, the exports in the folder, or a glob's matches.

    Raises `UsageError` for a path that is missing, special or a link out of its folder, and for
    a glob without any match.
    """
    path = Path(argument)
    if path.is_dir():
        yield from _below(path)
    elif path.exists():
        yield _named(path)
    elif not has_magic(argument):
        message = f"{argument}: no such file or folder"
        raise UsageError(message)
    else:
        found = [part for match in _glob(argument) for part in _matched(match)]
        if not found:
            message = f"{argument}: matches no file"
            raise UsageError(message)
        yield from found


def _glob(pattern: str) -> list[str]:
    # Path.glob takes no absolute pattern, and would drop a leading ./ from what is shown.
    return sorted(glob(pattern, recursive=True))  # noqa: PTH207


def _matched(match: str) -> Iterator[FoundFile]:
    """Yield a glob's match, which is a file asked for, or a folder that may hold nothing."""
    path = Path(match)
    if path.is_dir():
        yield from _below(path)
    elif path.exists():
        yield _named(path)


def _named(path: Path) -> FoundFile:
    if not path.is_file():
        raise special(path)
    return LocalFile(path, path.stat().st_size), None


def _below(folder: Path) -> Iterator[FoundFile]:
    real = folder.resolve()
    for root, folders, files in os.walk(folder, onerror=_refuse_unreadable):
        for name in folders:
            _refuse_link_out(Path(root, name), folder)
        folders[:] = [name for name in folders if not names.is_hidden(name)]
        for name in filter(names.is_loaded_from_folders, files):
            path = Path(root, name)
            _refuse_link_out(path, folder)
            if not path.is_file():
                raise special(path)
            relative = path.relative_to(folder).as_posix()
            yield LocalFile(path, path.stat().st_size, real), relative


def passed_over_by_name(arguments: Sequence[str]) -> Iterator[str]:
    """Yield the files in folders that `find_files` leaves out for what their names end in."""
    for folder in filter(os.path.isdir, arguments):
        for root, folders, files in os.walk(folder):
            folders[:] = [name for name in folders if not names.is_hidden(name)]
            for name in files:
                if not names.is_hidden(name) and not names.is_loaded_from_folders(name):
                    yield on_one_line(str(Path(root, name)))


def _refuse_link_out(path: Path, folder: Path) -> None:
    if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
        raise link_out(path, folder)


def _refuse_unreadable(error: OSError) -> NoReturn:
    message = f"{error.filename}: cannot be read: {error.strerror}"
    raise UsageError(message, "nothing was loaded: a folder that is left out would not be missed")
