"""The server's process: started, found again and stopped, whatever happened to the last one."""

import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from loader.embedded.cluster import Cluster
from loader.embedded.home import Home
from loader.errors import DatabaseError

HOST = "127.0.0.1"
PREFERRED_PORT = 54329
# Ports tried in a row before the kernel is asked for any free one.
_NEIGHBOURS = 64
_START_SECONDS = 300.0
_STOP_SECONDS = 90.0
_POLL_SECONDS = 0.01
_ATTEMPTS = 5

# Given on the command line, which beats both configuration files: they hold for clusters of every
# age. Details and statements stay out of the log, because they quote rows. No other server follows
# this one: a table filled in the transaction that made it need not be written twice. Builds and
# their tests sort and hash whole tables, which fit in memory; compiling a query takes longer than
# it saves.
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "client_connection_check_interval": "1s",
    "password_encryption": "scram-sha-256",
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "work_mem": "64MB",
}


@dataclass(frozen=True)
class Postmaster:
    """What a server says of itself in its data folder's `postmaster.pid`."""

    pid: int
    port: int
    is_ready: bool


def read_postmaster(data: Path) -> Postmaster | None:
    """Return what `postmaster.pid` says, None while it is missing or still being written."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        return Postmaster(int(lines[0]), int(lines[3]), lines[7].strip() == "ready")
    except (FileNotFoundError, NotADirectoryError, IndexError, ValueError):
        return None


def launch(home: Home, cluster: Cluster) -> None:
    """Start the server and wait until it takes connections; its port is then on record.

    A port that is taken, before or while the server starts, is passed over for another. Raises
    `DatabaseError` with the end of the log when the server does not start.
    """
    tried: set[int] = set()
    while True:
        port = _free_port(home, tried)
        tried.add(port)
        offset = home.log.stat().st_size
        _spawn(home, cluster, port)
        if _becomes_ready(home, cluster.data):
            home.write("port", str(port))
            return
        lines = home.log_since(offset)
        taken = any("could not bind" in line for line in lines)
        if not taken or len(tried) == _ATTEMPTS:
            raise _did_not_start(home, lines)


def stop(home: Home, data: Path) -> None:
    """Stop the server the fast way (open transactions are rolled back) and wait for its end."""
    deadline = time.monotonic() + _STOP_SECONDS
    signalled = False
    while home.is_held():
        postmaster = read_postmaster(data)
        if not signalled and postmaster and _serves(postmaster.pid, data):
            os.kill(postmaster.pid, signal.SIGINT)
            signalled = True
        if time.monotonic() > deadline:
            message = f"{home.folder}: the embedded server has not stopped in {_STOP_SECONDS:.0f} s"
            raise DatabaseError(message, f"its log is {home.log}")
        time.sleep(_POLL_SECONDS)


def _spawn(home: Home, cluster: Cluster, port: int) -> None:
    command: list[str | Path] = [cluster.binaries.folder / "postgres", "-D", cluster.data]
    for name, value in {**_SETTINGS, "port": str(port)}.items():
        command += ["-c", f"{name}={value}"]
    log = home.open("log", os.O_WRONLY | os.O_APPEND)
    try:
        with home.claimed() as keep:
            _remove_stale_pid(cluster.data)
            home.account.launch(command, log=log, keep=keep)
    finally:
        os.close(log)


def _remove_stale_pid(data: Path) -> None:
    """Remove the `postmaster.pid` of a dead server; raise when a server nobody claimed lives.

    PostgreSQL removes it itself, except when the number has passed to another process of the same
    account, or to a zombie. It also refuses on its own to share a data folder with a live server.
    """
    postmaster = read_postmaster(data)
    if postmaster and _serves(postmaster.pid, data):
        message = f"{data}: a server that loader did not start runs here, process {postmaster.pid}"
        raise DatabaseError(message, f"stop it first, for example with: kill -INT {postmaster.pid}")
    (data / "postmaster.pid").unlink(missing_ok=True)


def _serves(pid: int, data: Path) -> bool:
    """Say whether process `pid` is a live server on `data`, in which a server stays."""
    if not Path("/proc/self/cwd").exists():
        listed = subprocess.run(
            ["ps", "-o", "command=", "-p", str(pid)],  # noqa: S607 - every system's own ps
            capture_output=True,
            text=True,
            check=False,
        )
        return str(data) in listed.stdout
    try:
        return Path(f"/proc/{pid}/cwd").samefile(data)
    except OSError:
        return False


def _becomes_ready(home: Home, data: Path) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        postmaster = read_postmaster(data)
        if postmaster and postmaster.is_ready:
            return True
        if not home.is_held():
            return False
        time.sleep(_POLL_SECONDS)
    message = f"{home.folder}: the embedded server is not ready after {_START_SECONDS:.0f} s"
    raise DatabaseError(message, f"it may still be recovering; its log is {home.log}")


def _did_not_start(home: Home, lines: list[str]) -> DatabaseError:
    message = f"{home.folder}: the embedded PostgreSQL did not start; its log is {home.log}"
    return DatabaseError(message, *lines[-6:])


def _free_port(home: Home, tried: set[int]) -> int:
    remembered = home.read("port")
    first = int(remembered) if remembered.isdecimal() else PREFERRED_PORT
    for port in (first, *range(PREFERRED_PORT, PREFERRED_PORT + _NEIGHBOURS), 0):
        if port in tried:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except (OSError, OverflowError):
                continue
            return int(probe.getsockname()[1])
    message = f"no free port on {HOST} for the embedded server"
    raise DatabaseError(message, "set PGHOST (or DATABASE_URL) to use your own PostgreSQL")
