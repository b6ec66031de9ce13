"""The operating-system account the embedded server runs under.

PostgreSQL refuses to run as root. Root therefore starts it as the owner of the project when that
is somebody else, and as `nobody` otherwise: no account is created for it, and no mode of a folder
that is not the server's own is changed.
"""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loader.errors import DatabaseError

# The tools see nothing of the caller's locale, time zone, PG* settings or secrets: a daemon's
# environment can be read by whoever shares its account.
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def tool_environment() -> dict[str, str]:
    """Return the environment of `postgres` and `initdb`: the same on every machine."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True)
class Account:
    """Who runs the server; `dropped` when that is not the caller."""

    name: str
    uid: int
    gid: int
    dropped: bool

    def run(
        self, command: Sequence[str | Path], *, text: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run `command` to its end and return it with its output; `text` is its input.

        Raises `DatabaseError` when it cannot be run at all. Never for a command that leaves a
        process behind: the output is read until every holder has closed it.
        """
        try:
            return subprocess.run(
                [str(part) for part in command],
                input=text,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                check=False,
                cwd="/",
                env=tool_environment(),
                umask=0o077,
                user=self.uid if self.dropped else None,
                group=self.gid if self.dropped else None,
                extra_groups=[] if self.dropped else None,
            )
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            raise self._cannot_run(command[0], error) from None

    def launch(self, command: Sequence[str | Path], *, log: int, keep: int) -> None:
        """Leave `command` running in a session of its own, its output in the open file `log`.

        The file `keep` stays open in it for as long as it, or a child of it, lives. A shell
        stands in between and ends at once, so that the server is never this process's child.
        """
        detach = ["/bin/sh", "-c", '"$@" </dev/null &', "sh"]
        try:
            subprocess.run(
                [*detach, *(str(part) for part in command)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=True,
                cwd="/",
                env=tool_environment(),
                umask=0o077,
                pass_fds=(keep,),
                start_new_session=True,
                user=self.uid if self.dropped else None,
                group=self.gid if self.dropped else None,
                extra_groups=[] if self.dropped else None,
            )
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            raise self._cannot_run(command[0], error) from None

    def reaches(self, path: Path) -> bool:
        """Say whether the account can enter the folder `path`, or run the program `path`."""
        return self.run(["/bin/sh", "-c", 'test -x "$1"', "sh", path]).returncode == 0

    def own(self, path: Path) -> None:
        """Give `path` to the account."""
        if self.dropped:
            os.chown(path, self.uid, self.gid)

    def _cannot_run(self, tool: str | Path, error: Exception) -> DatabaseError:
        reason = error.strerror if isinstance(error, OSError) else type(error).__name__
        message = f"{tool}: cannot be run as {self.name}: {reason}"
        return DatabaseError(
            message,
            "the binaries may be for another platform, or becoming another account forbidden here",
            "run as an ordinary user, or set PGHOST (or DATABASE_URL) to use your own PostgreSQL",
        )


def account_for(home: Path) -> Account:
    """Return who runs the server whose files lie in `home`, which need not exist yet."""
    uid = os.geteuid()
    if uid != 0:
        return Account(f"uid {uid}", uid, os.getegid(), dropped=False)
    nearest = home if home.exists() else home.parent
    owner = nearest.stat().st_uid
    for entry in (_by_uid(owner) if owner else None, _by_name("nobody")):
        if entry is not None:
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, dropped=True)
    message = "PostgreSQL does not run as root, and this machine has no account 'nobody'"
    raise DatabaseError(
        message, "run as an ordinary user, or set PGHOST (or DATABASE_URL) to use your own server"
    )


def _by_uid(uid: int) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        return None


def _by_name(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None
