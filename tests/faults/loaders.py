"""Loaders run as a person runs them, and the numbered files they are given."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from loader.connection import OWN_SERVER_VARIABLES

# Another checkout of the loader can be put to the same trials, such as one broken on purpose.
ROOT = Path(os.environ.get("FAULTS_ROOT") or Path(__file__).parents[2])
PATIENCE_SECONDS = 120.0

_HEADER = (
    "workspaceId,timestamp,clusterId,clusterName,clusterNodeType,clusterOwnerUserId,"
    "clusterCustomTags,sku,dbus,machineHours,clusterOwnerUserName,tags\n"
)
_TAGS = '"{""team"":""growth"",""Vendor"":""Databricks"",""ClusterId"":""0405-020048-brawl""}"'


@dataclass(frozen=True)
class UsageFile:
    """A Databricks export of `rows` rows, whose cluster names are `<tag> <serial from 0>`."""

    path: Path
    tag: str
    rows: int


def write_usage(folder: Path, tag: str, rows: int) -> UsageFile:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{tag}.csv"
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write(_HEADER)
        for row in range(rows):
            hour = f"2026-10-{row // 24 % 30 + 1:02}T{row % 24:02}:59:59.999Z"
            out.write(
                f"1234567890123456,{hour},0405-{row:09}-brawl,{tag} {row},m5.large,48317,"
                f"{_TAGS},PREMIUM_JOBS_COMPUTE,{row}.0233995555555556,{row % 7}.5,,{_TAGS}\n"
            )
    return UsageFile(path, tag, rows)


@dataclass(frozen=True)
class Ended:
    """What a loader printed, and its exit code: -9 when SIGKILL ended it."""

    code: int
    out: str
    err: str

    def says(self, status: str, file: UsageFile) -> bool:
        return (
            re.search(rf"^{status}  {re.escape(str(file.path))}  ", self.out, re.MULTILINE)
            is not None
        )

    def acknowledges(self, file: UsageFile) -> bool:
        return self.says("loaded", file) or self.says("already loaded", file)


def start(
    environment: dict[str, str], *arguments: str | Path, **variables: str
) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if name not in OWN_SERVER_VARIABLES}
    return subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-m", "loader", *map(str, arguments)],
        cwd=ROOT,
        env=kept | environment | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def end(process: subprocess.Popen[str], patience: float = PATIENCE_SECONDS) -> Ended:
    """Wait for a loader; one that does not end says where it hangs, and the test fails."""
    try:
        out, err = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        kill_group(process, signal.SIGABRT)
        with suppress(subprocess.TimeoutExpired):
            pytest.fail(f"did not end in {patience} s:\n{process.communicate(timeout=10)[1]}")
        kill_group(process)
        raise
    return Ended(process.returncode, out, err)


def kill_group(process: subprocess.Popen[str], number: int = signal.SIGKILL) -> None:
    """Send a signal to a loader and all it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


@contextmanager
def running(
    environment: dict[str, str], *arguments: str | Path, **variables: str
) -> Iterator[subprocess.Popen[str]]:
    """Yield a loader that is gone, whatever happened, at the end."""
    process = start(environment, *arguments, **variables)
    try:
        yield process
    finally:
        kill_group(process)
        process.communicate()


def load(environment: dict[str, str], *paths: Path, **variables: str) -> Ended:
    return end(start(environment, "load", *paths, **variables))
