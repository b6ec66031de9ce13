"""Where the cluster lies when the account that runs it cannot enter the project.

Root's project under a closed folder such as /root is out of reach for `nobody`. Nothing is opened
up for it; the data lie in a folder of root's own elsewhere, whose name is random, so that nobody
else can have put it there, and is recorded in the home's `place` together with the home it serves.
"""

import os
import stat
import tempfile
from pathlib import Path

from loader.embedded.home import Home
from loader.errors import DatabaseError

# Best first. Cleaners of temporary folders delete what has not been touched for days.
_BASES = (Path("/var/lib"), Path("/var/tmp"), Path("/tmp"))  # noqa: S108 - checked, see _checked
_RECORD = "place"


def data_folder(home: Home, *, create: bool = False) -> Path:
    """Return the folder of the cluster, whether it is there or not.

    With `create`, a place the server's account can enter is made for it. Raises `DatabaseError`
    when the place on record is gone or is not root's alone.
    """
    place = _recorded(home)
    if place is None and create and not _is_within_reach(home):
        place = _place(home)
    return (place or home.folder) / "data"


def _is_within_reach(home: Home) -> bool:
    """Say whether the server can run in its home; raise when its data are there, cut off."""
    if not home.account.dropped or home.account.reaches(home.folder):
        return True
    if (home.folder / "data").exists():
        message = f"{home.folder / 'data'}: the account '{home.account.name}' cannot enter here"
        hint = "root's server runs under that account; let it pass through the folders above again"
        raise DatabaseError(message, hint)
    return False


def _recorded(home: Home) -> Path | None:
    """Return the place on record; a moved home keeps it, a copied home does not."""
    record = home.read(_RECORD)
    if not record:
        return None
    place, _, served = record.partition("\n")
    if served != str(home.folder):
        original = Path(served) / _RECORD
        if original.is_file() and original.read_text(encoding="utf-8").strip() == record:
            return None
        home.write(_RECORD, f"{place}\n{home.folder}")
    return _checked(Path(place), home)


def _checked(place: Path, home: Home) -> Path:
    try:
        found = place.lstat()
    except FileNotFoundError:
        message = f"{place}: the embedded server's data were here and are gone"
        hint = f"to start with an empty warehouse, delete {home.folder / _RECORD}"
        raise DatabaseError(message, hint) from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
        message = f"{place}: not a folder that root alone can write to; the server does not use it"
        raise DatabaseError(message, "it was made by root with mode 0710; somebody changed that")
    return place


def _place(home: Home) -> Path:
    """Make a folder the account can enter and only root can change, and put it on record."""
    for base in _BASES:
        if not (base.is_dir() and os.access(base, os.W_OK) and home.account.reaches(base)):
            continue
        place = Path(tempfile.mkdtemp(prefix="usage-costs-", dir=base))
        (place / "home").write_text(f"{home.folder}\n", encoding="utf-8")
        os.chown(place, 0, home.account.gid)
        place.chmod(0o710)
        home.write(_RECORD, f"{place}\n{home.folder}")
        return place
    message = f"{home.folder}: the account '{home.account.name}' cannot enter this folder"
    raise DatabaseError(
        message,
        f"and no folder of {', '.join(map(str, _BASES))} can take the server's data instead",
        "run as an ordinary user, or set PGHOST (or DATABASE_URL) to use your own PostgreSQL",
    )
