"""The embedded server's home: a private folder with its password, port, log and locks.

    lock      held by the one command that starts or stops the server right now
    running   held by the server and its children for as long as any of them lives
    password  password of the database user; readable by the home's owner only
    port      port of the last start, taken again at the next
    log       the server's log
    data      the cluster, unless it had to be placed elsewhere (`place`)

The kernel drops a lock with the last process that holds it. `running` therefore says whether a
server lives where a process id cannot: after a crash, a reboot, or for a zombie nobody reaps.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from loader.embedded.account import Account
from loader.errors import DatabaseError

# A log larger than this loses its older part, all but the last lines, at the next start.
LOG_LIMIT_BYTES = 4 * 1024 * 1024
LOG_KEPT_BYTES = 256 * 1024
_LOCK_SECONDS = 180.0
_ORPHAN_SECONDS = 15.0
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Home:
    """The folder and the account whose server it belongs to."""

    folder: Path
    account: Account

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.folder / "log"

    def prepare(self) -> None:
        """Make the folder, or close an open one: nobody but its owner reads what lies in it.

        The group of a `nobody` server may pass through root's folder to `data`, nothing more.
        """
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if self.account.dropped:
            shared = self.account.name == "nobody"
            os.chown(self.folder, 0 if shared else self.account.uid, self.account.gid)
            self.folder.chmod(0o710 if shared else 0o700)
        elif self.folder.stat().st_mode & 0o077:
            self.folder.chmod(0o700)

    def open(self, name: str, flags: int) -> int:
        """Open, or make, the private file `name` and return its descriptor; never a link."""
        flags |= os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self.folder / name, flags, 0o600)
        if self.account.dropped:
            owner = self.folder.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        return descriptor

    def read(self, name: str) -> str:
        """Return the text of the file `name`, empty when there is none."""
        try:
            return (self.folder / name).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""

    def write(self, name: str, text: str) -> None:
        """Write the file `name` whole or not at all."""
        draft = f"{name}.tmp"
        with os.fdopen(self.open(draft, os.O_WRONLY | os.O_TRUNC), "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
        (self.folder / draft).replace(self.folder / name)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other start and stop of this home waiting."""
        busy = f"{self.folder}: another loader has been starting or stopping this server too long"
        descriptor = self.open("lock", os.O_RDWR)
        try:
            _lock(descriptor, _LOCK_SECONDS, busy)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def claimed(self) -> Iterator[int]:
        """Hold `running` and yield its descriptor, for the server to inherit.

        Closing it here leaves the lock with whoever inherited it, and frees it otherwise.
        """
        orphans = f"{self.folder}: processes of a server that was killed are still running"
        descriptor = self.open("running", os.O_RDWR)
        try:
            _lock(descriptor, _ORPHAN_SECONDS, orphans)
            yield descriptor
        finally:
            os.close(descriptor)

    def is_held(self) -> bool:
        """Say whether a server, or an orphan of one, lives."""
        try:
            descriptor = os.open(self.folder / "running", os.O_RDWR | os.O_NOFOLLOW)
        except (FileNotFoundError, NotADirectoryError):
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def trim_log(self) -> None:
        """Cut a long log down to its last lines, in place: a running server appends on."""
        with os.fdopen(self.open("log", os.O_RDWR | os.O_APPEND), "r+b") as file:
            size = file.seek(0, os.SEEK_END)
            if size > LOG_LIMIT_BYTES:
                file.seek(size - LOG_KEPT_BYTES)
                kept = file.read().partition(b"\n")[2]
                file.truncate(0)
                file.write(kept)

    def log_since(self, offset: int) -> list[str]:
        """Return the lines the log has gained since it was `offset` bytes long."""
        with self.log.open("rb") as file:
            file.seek(offset)
            return file.read().decode("utf-8", errors="replace").splitlines()


def _lock(descriptor: int, seconds: float, complaint: str) -> None:
    """Lock the open file for itself, or raise `DatabaseError` after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                hint = "look for it with: ps -ef | grep -e loader -e postgres"
                raise DatabaseError(complaint, hint) from None
            time.sleep(_POLL_SECONDS)
        else:
            return
