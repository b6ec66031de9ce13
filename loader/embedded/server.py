"""The embedded server: a PostgreSQL of the project's own, started when needed.

It listens on the loopback interface only, asks for a password, and outlives the process that
started it, until it is stopped.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from loader.embedded.account import account_for
from loader.embedded.address import Address, answers
from loader.embedded.cluster import SUPERUSER, prepare_cluster
from loader.embedded.home import Home
from loader.embedded.place import data_folder
from loader.embedded.process import HOST, launch, read_postmaster, stop
from loader.errors import DatabaseError

__all__ = ["Address", "EmbeddedServer", "Status"]

# How long a server that lives may take to answer: one just started, or recovering from a crash.
_ANSWER_SECONDS = 60.0
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Status:
    """What is known of the server without starting it; `address` is None unless it runs."""

    address: Address | None
    pid: int | None
    data: Path
    log: Path


class EmbeddedServer:
    """The server whose files lie in the folder `home`, which is made at the first start."""

    def __init__(self, home: Path) -> None:
        """Take note of the folder; nothing is touched yet."""
        self.home = home.resolve()

    def start(self) -> Address:
        """Start the server unless it runs, and return where it listens.

        Safe to call from several processes at once. Raises `DatabaseError`.
        """
        with self._explaining():
            home = self._opened()
            home.prepare()
            with home.locked():
                home.trim_log()
                address = self._running(home)
                if address is None:
                    with home.claimed():
                        cluster = prepare_cluster(home)
                    launch(home, cluster)
                    address = self._running(home)
                if address is None:
                    message = f"{self.home}: the embedded server ended as soon as it had started"
                    raise DatabaseError(message, f"its log is {home.log}")
                return address

    def stop(self) -> bool:
        """Stop the server; return False when none was running. Raises `DatabaseError`."""
        with self._explaining():
            home = self._opened()
            if not home.is_held():
                return False
            with home.locked():
                stop(home, data_folder(home))
            return True

    def remove(self) -> bool:
        """Stop the server and delete its data for good; return False when there were none."""
        with self._explaining():
            self.stop()
            if not self.home.exists():
                return False
            folders = {self.home, data_folder(self._opened()).parent}
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)
            return True

    def status(self) -> Status:
        """Return what is known of the server, which is neither started nor asked."""
        with self._explaining():
            home = self._opened()
            data = data_folder(home)
            postmaster = read_postmaster(data) if home.is_held() else None
            return Status(
                address=self._address(home, data),
                pid=postmaster.pid if postmaster else None,
                data=data,
                log=home.log,
            )

    def password(self) -> str:
        """Return the password on record, empty when there is none."""
        with self._explaining():
            return self._opened().read("password")

    def _opened(self) -> Home:
        return Home(self.home, account_for(self.home))

    def _address(self, home: Home, data: Path) -> Address | None:
        """Return where the server says it listens, None while it does not live or is not ready."""
        postmaster = read_postmaster(data) if home.is_held() else None
        if postmaster is None or not postmaster.is_ready:
            return None
        return Address(HOST, postmaster.port, SUPERUSER, home.read("password"))

    def _running(self, home: Home) -> Address | None:
        """Return the address of a server that answers, None when none lives."""
        deadline = time.monotonic() + _ANSWER_SECONDS
        while home.is_held():
            address = self._address(home, data_folder(home))
            if address and answers(address, str(self.home / "password")):
                return address
            if time.monotonic() > deadline:
                message = f"{self.home}: the embedded server runs and does not answer"
                raise DatabaseError(message, f"see {home.log}; or: loader db stop")
            time.sleep(_POLL_SECONDS)
        return None

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        """Turn what the file system refuses into a `DatabaseError`."""
        try:
            yield
        except OSError as error:
            place = error.filename or self.home
            message = f"{place}: {error.strerror}; the embedded server keeps its files here"
            raise DatabaseError(
                message,
                f"give the folder {self.home} to the user that runs loader,",
                "or set PGHOST (or DATABASE_URL) to use your own PostgreSQL",
            ) from None
