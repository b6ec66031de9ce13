"""The most memory a command holds: by what the kernel kept of it, and by looking while it runs."""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

_SECONDS_BETWEEN_LOOKS = 0.02
_KIB = 1024


def peak_of(arguments: list[str], environment: Mapping[str, str]) -> int:
    """Run a command that must succeed; return the most bytes it held, its processes together.

    The kernel's figure is of the largest process alone and misses no moment; the sum over
    all processes of the session is sampled fifty times a second, where there is a /proc.
    """
    with subprocess.Popen(
        arguments, env=environment, start_new_session=True, stdout=subprocess.DEVNULL
    ) as process:
        ended = threading.Event()
        sampled = _Sampler(process.pid, ended)
        sampled.start()
        _, status, usage = os.wait4(process.pid, 0)
        ended.set()
        sampled.join()
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        message = f"{' '.join(arguments)} failed"
        raise SystemExit(message)
    largest = usage.ru_maxrss * (1 if sys.platform == "darwin" else _KIB)
    return max(largest, sampled.most)


class _Sampler(threading.Thread):
    """Looks at the resident memory of a session's processes until it has ended."""

    def __init__(self, session: int, ended: threading.Event) -> None:
        super().__init__(daemon=True)
        self._session, self._ended = session, ended
        self.most = 0

    def run(self) -> None:
        while not self._ended.wait(_SECONDS_BETWEEN_LOOKS):
            self.most = max(self.most, _resident(self._session))


def _resident(session: int) -> int:
    page = os.sysconf("SC_PAGE_SIZE")
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        # Behind the name: state, parent, group, session; the resident pages are the 24th of all.
        if int(fields[3]) == session:
            total += int(fields[21]) * page
    return total
