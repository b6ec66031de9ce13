"""The seeds of a supposition: a folder's own, and the project's where it has none."""

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
    for name in given.keys() - known.keys():
        alike = get_close_matches(name, known, n=1, cutoff=0)
        message = f"{own / name}: is no seed of this project"
        raise UsageError(message, *(f"did you mean {close}?" for close in alike))
    folder.mkdir(parents=True)
    for name, path in {**known, **given}.items():
        shutil.copyfile(path, folder / name)
    return tuple(
        path.stem for name, path in given.items() if path.read_bytes() != known[name].read_bytes()
    )
