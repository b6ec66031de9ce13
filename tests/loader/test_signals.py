"""Ctrl-C ends the loader at any moment: with 130, without a traceback, and not one file later."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from loader import signals
from loader.commands import load
from loader.errors import DataRefusedError
from loader.loading import check_file

Run = Callable[..., tuple[int, str, str]]
WORKERS = "ID,Count,TimestampUnix,WorkerPoolName\n1,2,1790812800,linux\n"
# Runs the loader as `python -m loader` does, interrupted while it imports what it needs.
WHILE_IMPORTING = """
import builtins, os, runpy, signal
real = builtins.__import__
def interrupted(name, *arguments, **named):
    if name == {name!r}:
        os.kill(os.getpid(), signal.SIGINT)
    return real(name, *arguments, **named)
builtins.__import__ = interrupted
runpy.run_module("loader", run_name="__main__")
"""


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(signals, "_is_asked", False)
    handler = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, handler)


@pytest.mark.parametrize("name", ["psycopg", "typer", "loader.connection_failure"])
def test_an_interrupt_of_the_imports_says_nothing(name: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WHILE_IMPORTING.format(name=name), "--version"],
        capture_output=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, b"", b"")


def test_the_installed_command_imports_as_little_before_it_is_ready() -> None:
    script = Path(sys.executable).parent / "loader"
    assert "from loader.__main__ import main" in script.read_text(encoding="utf-8")


@pytest.mark.parametrize("how", ["lost", "turned into a refusal"])
def test_an_interrupt_that_is_lost_ends_the_run_behind_its_file(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        (tmp_path / name).write_text(WORKERS)

    def interrupted(*arguments: object, **named: object) -> object:
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            if how != "lost":
                message = "cannot be read: Bad file descriptor"
                raise DataRefusedError(message) from None
        return check_file(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(load, "check_file", interrupted)
    code, out, err = run("check", str(tmp_path))
    assert code == 130
    assert out.count("loadable") == (how == "lost")
    done = 1 if how == "lost" else 0
    assert err == f"interrupted: {done} of 3 files done; the same command again does the others\n"


def test_an_interrupt_that_is_ignored_stays_ignored() -> None:
    script = "from loader import signals; signals.end_at_once(); signals.raise_interrupts();"
    script += "import os, signal; os.kill(os.getpid(), signal.SIGINT); print('still here')"
    ended = subprocess.run(
        ["/bin/sh", "-c", f"trap '' INT; exec {sys.executable} -c \"{script}\""],
        capture_output=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, b"still here\n")
