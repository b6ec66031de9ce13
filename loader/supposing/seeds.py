"""The seeds of a supposition: a folder's own, and the project's where it has none."""

import csv
import io
import shutil
from difflib import get_close_matches
from pathlib import Path

from loader.errors import UsageError


def put_together(own: Path, base: Path, folder: Path) -> tuple[str, ...]:
    """Fill `folder` with the seeds of `own`, and of `base` for the rest.

    Returns the names of those that differ from the base. Raises `UsageError` where `own` is no
    folder with seeds, or holds a file that is no seed of the project.
    """
    if not own.is_dir():
        message = f"{own}: no such folder of seeds"
        raise UsageError(message, "name a folder with those of the files in seeds/ to change")
    given = {path.name: path for path in sorted(own.glob("*.csv"))}
    known = {path.name: path for path in sorted(base.glob("*.csv"))}
    if not given:
        message = f"{own}: holds no seed"
        raise UsageError(message, f"expected files such as {', '.join(sorted(known)[:3])}")
    if unknown := sorted(given.keys() - known.keys()):
        message = "\n".join(f"{own / name}: is no seed of this project" for name in unknown)
        alike = {get_close_matches(name, known, n=1, cutoff=0)[0]: None for name in unknown}
        raise UsageError(message, f"did you mean {', '.join(alike)}?")
    folder.mkdir(parents=True)
    for name, path in {**known, **given}.items():
        shutil.copyfile(path, folder / name)
    return tuple(path.stem for name, path in given.items() if _rows(path) != _rows(known[name]))


def _rows(seed: Path) -> object:
    """Return a seed's rows, however they are quoted and lines end, or its bytes if it has none."""
    content = seed.read_bytes()
    try:
        text = io.StringIO(content.decode("utf-8-sig"), newline="")
        return list(csv.reader(text, strict=True))
    except (csv.Error, UnicodeDecodeError):
        return content
