"""Breaks loads at chosen points, always the same for a seed.

A trial writes a file whose rows carry a serial number, loads it with `python -m loader load`
through a proxy and breaks something; `audit.settle` then looks, loads the file again as a person
would, and counts every row.
"""

import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from audit import SESSIONS, TALLY, look, number
from databases import connect_to
from loaders import PATIENCE_SECONDS, Ended, UsageFile, end, kill_group, load, running, write_usage
from proxy import Link, Point, Proxy

SEED = int(os.environ.get("FAULTS_SEED", "1"))
RANDOM_TRIALS = int(os.environ.get("FAULTS", "4"))
IS_FULL = RANDOM_TRIALS >= 100
ASKED = f"seed {SEED} (FAULTS_SEED), {RANDOM_TRIALS} random trials (FAULTS)"
ROWS = {"small": 300, "big": 40_000}  # the big file has 11.8 MiB

Size = Literal["small", "big"]
Fault = Literal[
    "kill", "term", "int", "stop", "cut", "cut_all", "terminate", "backend_kill", "server_kill"
]
SIGNALS = {"kill": signal.SIGKILL, "term": signal.SIGTERM, "int": signal.SIGINT}


@dataclass(frozen=True)
class Trial:
    """A fault in the load of a file of one size, at a point of it.

    `at` is the place of the point between the first (0) and the last (1) of what `kind` counts in
    an undisturbed load; for `time`, in its duration.
    """

    size: Size
    fault: Fault
    kind: Literal["message", "commit", "copy", "sent_bytes", "answered_bytes", "time"]
    at: float
    side: Literal["before", "after"] = "before"

    def __str__(self) -> str:
        return f"{self.size}-{self.fault}-{self.side}-{self.kind}-{self.at:.4f}"

    def point(self, undisturbed: Counter[str]) -> Point | None:
        if self.kind == "time":
            return None
        nth = 1 + round(self.at * max(undisturbed[self.kind] - 1, 0))
        return Point(self.kind, nth, self.side)


def random_trials(seed: int, count: int) -> list[Trial]:
    """Return `count` trials, always the same for a seed; a longer list begins like a shorter."""
    source = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    trials = []
    for _ in range(count):
        fault: Fault = source.choice(
            ["kill", "kill", "term", "int", "stop", "cut", "cut_all", "terminate"]
        )
        kinds = ["message", "message", "commit", "time"]
        if fault.startswith("cut"):
            kinds = ["message", "commit", "sent_bytes", "sent_bytes", "answered_bytes"]
        kind = source.choice(kinds)
        size: Size = source.choice(["small", "small", "big"])
        at, side = source.random(), source.choice(["before", "after"])
        trials.append(Trial(size, fault, kind, at, side if kind == "commit" else "before"))
    return trials


class Breaker:
    """Carries out a trial's fault on a process that is started after the proxy."""

    def __init__(
        self,
        trial: Trial,
        environment: dict[str, str],
        kill_server: Callable[[], None] | None = None,
    ) -> None:
        self._trial = trial
        self.environment = environment
        self._kill_server = kill_server
        self._process: subprocess.Popen[str] | None = None
        self._is_started = threading.Event()

    def aim(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._is_started.set()

    def __call__(self, proxy: Proxy, link: Link | None) -> None:
        self._is_started.wait(PATIENCE_SECONDS)
        assert self._process is not None
        fault = self._trial.fault
        if fault in SIGNALS:
            kill_group(self._process, SIGNALS[fault])
            if fault == "kill" and link is not None and self._trial.side == "before":
                link.cut()  # the message was never sent
        elif fault == "stop":
            kill_group(self._process, signal.SIGSTOP)
        elif fault == "cut" and link is not None:
            link.cut()
        elif fault in {"cut", "cut_all"}:
            proxy.cut_all()
        elif fault == "terminate":
            with connect_to(self.environment) as admin:
                admin.execute(f"select pg_terminate_backend(pid, 5000) {SESSIONS}")
        elif fault == "backend_kill":
            self._kill_backend()
        elif self._kill_server is not None:
            self._kill_server()

    def _kill_backend(self) -> None:
        with connect_to(self.environment) as admin:
            os.kill(number(admin, f"select max(pid) {SESSIONS}"), signal.SIGKILL)


@dataclass(frozen=True)
class Undisturbed:
    """What a load of one size takes when nothing happens."""

    counts: Counter[str]
    seconds: float


def measure(environment: dict[str, str], folder: Path, size: Size) -> Undisturbed:
    file = write_usage(folder, f"undisturbed-{size}", ROWS[size])
    with Proxy(environment) as proxy:
        begun = time.monotonic()
        ended = load(proxy.environment, file.path)
        seconds = time.monotonic() - begun
        assert ended.code == 0, ended.err
        assert ended.says("loaded", file), ended.out
        assert look(environment, [file], [file.tag]).is_clean()
        return Undisturbed(Counter(proxy.counts), seconds)


def break_load(
    trial: Trial,
    file: UsageFile,
    breaker: Breaker,
    undisturbed: Undisturbed,
    restart: Callable[[], None] | None = None,
) -> Ended:
    """Load `file` while the trial's fault happens; return how the loader ended."""
    with (
        Proxy(breaker.environment, trial.point(undisturbed.counts), breaker) as proxy,
        running(proxy.environment, "load", file.path) as process,
    ):
        breaker.aim(process)
        if trial.kind == "time":
            with suppress(subprocess.TimeoutExpired):
                process.wait(trial.at * undisturbed.seconds)
            breaker(proxy, None)
            proxy.done.set()
        while not proxy.done.wait(0.02) and process.poll() is None:
            pass
        if not proxy.done.is_set() or (trial.kind == "time" and process.returncode == 0):
            TALLY.missed += 1
        if trial.fault == "stop":
            time.sleep(0.2)
            kill_group(process)
        if restart is not None:
            restart()
        ended = end(process)
    is_signal = trial.fault in {*SIGNALS, "stop"}
    assert is_signal or ended.code in {0, 3}, f"exit {ended.code}: {ended.err}"
    # A Python that is still importing knows of no loader that could be brief.
    assert "Traceback" not in ended.err or (is_signal and trial.kind == "time"), ended.err
    return ended
