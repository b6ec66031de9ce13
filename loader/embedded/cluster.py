"""The cluster: the data folder, made whole or not at all, and fit for the binaries at hand."""

import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from loader.embedded.account import Account
from loader.embedded.binaries import Binaries, copy_binaries, find_binaries
from loader.embedded.home import Home
from loader.embedded.place import data_folder
from loader.errors import DatabaseError

SUPERUSER = "postgres"
_INITDB = (
    f"--username={SUPERUSER}",
    "--auth=scram-sha-256",
    "--data-checksums",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--no-instructions",
)
_ROOT = Account("root", 0, 0, dropped=False)


@dataclass(frozen=True)
class Cluster:
    """A data folder and the binaries that serve it."""

    data: Path
    binaries: Binaries


def prepare_cluster(home: Home) -> Cluster:
    """Return the cluster of `home`, made if there is none; no server may be running on it.

    Raises `DatabaseError` when it is damaged, another version's, or cannot be made.
    """
    data = data_folder(home, create=True)
    binaries = _reachable(home, data.parent)
    for leftover in (data.with_name("data.tmp"), data.parent / "binaries-tmp"):
        if leftover.exists():
            shutil.rmtree(leftover)
    if data.exists():
        _check_version(data, binaries)
    else:
        _make(home, data, binaries)
    cluster = Cluster(data, binaries)
    if not home.read("password"):
        _set_new_password(home, cluster)
    return cluster


def _reachable(home: Home, place: Path) -> Binaries:
    if not home.account.dropped:
        return find_binaries(home.account)
    binaries = find_binaries(_ROOT)
    if home.account.reaches(binaries.folder / "postgres"):
        return binaries
    return copy_binaries(binaries, place)


def _check_version(data: Path, binaries: Binaries) -> None:
    try:
        held = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        message = f"{data}: not a whole PostgreSQL data folder, it has no PG_VERSION"
        hint = "restore it, or move it away to start with an empty warehouse; nothing was changed"
        raise DatabaseError(message, hint) from None
    if held != binaries.major:
        message = (
            f"{data}: holds data of PostgreSQL {held},"
            f" and the binaries here are PostgreSQL {binaries.version}"
        )
        raise DatabaseError(
            message,
            "nothing was changed; either",
            f"  set LOCALPG_BIN to the bin folder of a PostgreSQL {held} and go on with it,",
            "  or move the folder away, start again, and load the exports (or a pg_dump) anew",
        )


def _make(home: Home, data: Path, binaries: Binaries) -> None:
    password = home.read("password") or secrets.token_hex(16)
    draft = data.with_name("data.tmp")
    draft.mkdir(mode=0o700)
    home.account.own(draft)
    # Lies beside the draft, not in it: initdb wants its folder empty.
    secret = data.with_name("initdb.tmp")
    secret.unlink(missing_ok=True)
    secret.touch(mode=0o600)
    home.account.own(secret)
    secret.write_text(f"{password}\n", encoding="ascii")
    try:
        initdb = binaries.folder / "initdb"
        answer = home.account.run([initdb, "-D", draft, f"--pwfile={secret}", *_INITDB])
    finally:
        secret.unlink()
    if answer.returncode:
        shutil.rmtree(draft)
        message = f"{data}: the embedded server's data folder could not be made"
        raise DatabaseError(message, *answer.stdout.strip().splitlines()[-4:])
    home.write("password", password)
    draft.rename(data)


def _set_new_password(home: Home, cluster: Cluster) -> None:
    """Give the database user a new password, for a home that lost its own.

    Whoever owns the data folder may: the single-user server asks nobody. The file is written
    last, so that a kill in between leaves the same state as before.
    """
    password = secrets.token_hex(16)
    server = cluster.binaries.folder / "postgres"
    answer = home.account.run(
        [server, "--single", "-D", cluster.data, "-c", "exit_on_error=on", "postgres"],
        text=f"ALTER ROLE {SUPERUSER} PASSWORD '{password}'\n",
    )
    if answer.returncode:
        message = f"{home.folder / 'password'}: is missing, and a new one could not be set"
        lines = [line for line in answer.stdout.splitlines() if password not in line]
        raise DatabaseError(message, *lines[-4:])
    home.write("password", password)
