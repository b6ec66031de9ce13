"""A loader that is stopped, cut off or not answered: it holds nobody up and nothing is in doubt."""

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from audit import look, settle
from harness import (
    IS_FULL,
    ROWS,
    Size,
    Trial,
    Undisturbed,
)
from loaders import Ended, end, kill_group, load, running, write_usage
from proxy import Action, Link, Point, Proxy, cut, swallow

Measure = Callable[[Size], Undisturbed]

STALLS = [
    Trial("small", "stop", "commit", 1.0),
    Trial("big", "stop", "message", 0.5),
    *([Trial("big", "stop", "commit", 1.0)] if IS_FULL else []),
]
ANSWERS_LOST = [
    ("small", "before"),
    ("big", "after"),
    *([("small", "after"), ("big", "before")] if IS_FULL else []),
]


def stop(holder: list[subprocess.Popen[str]]) -> Action:
    def act(_proxy: Proxy, _link: Link) -> None:
        while not holder:
            time.sleep(0.01)
        kill_group(holder[0], signal.SIGSTOP)

    return act


def test_a_stopped_loader_holds_up_no_other_file(
    database: dict[str, str], undisturbed: Measure, tmp_path: Path
) -> None:
    file = write_usage(tmp_path, "f", ROWS["small"])
    other = write_usage(tmp_path, "g", ROWS["small"])
    holder: list[subprocess.Popen[str]] = []
    point = Point("commit", undisturbed("small").counts["commit"])
    with (
        Proxy(database, point, stop(holder)) as proxy,
        running(proxy.environment, "load", file.path) as process,
    ):
        holder.append(process)
        assert proxy.done.wait(30)
        ended = load(database, other.path)
        assert ended.says("loaded", other), ended.err
        kill_group(process, signal.SIGCONT)
        stopped = end(process)
    assert stopped.code == 0
    settle(database, [file, other], [ended, stopped], "stopped, another file")


@pytest.mark.parametrize("trial", STALLS, ids=str)
def test_a_stopped_loader_does_not_hold_up_its_file(
    trial: Trial, database: dict[str, str], undisturbed: Measure, tmp_path: Path
) -> None:
    file = write_usage(tmp_path, "f", ROWS[trial.size])
    holder: list[subprocess.Popen[str]] = []
    point = trial.point(undisturbed(trial.size).counts)
    with (
        Proxy(database, point, hold(holder)) as proxy,
        running(proxy.environment, "load", file.path) as process,
    ):
        holder.append(process)
        assert proxy.done.wait(30)
        begun = time.monotonic()
        second = load(database, file.path, LOADER_STALLED_SECONDS="3")
        assert time.monotonic() - begun < 30
        assert second.code == 0, second.err
        assert second.says("loaded", file), second.out
        # Once it goes on, it must find that its load is no longer its own.
        kill_group(process, signal.SIGCONT)
        first = end(process)
    assert "Traceback" not in first.err
    assert first.code == 3 or first.says("already loaded", file), first
    settle(database, [file], [second], "stopped, the same file")


def hold(holder: list[subprocess.Popen[str]]) -> Action:
    """Stop the loader and keep from the server what it sent last, as if it had not sent it yet."""

    def act(proxy: Proxy, link: Link) -> None:
        stop(holder)(proxy, link)
        # A signal takes a moment to reach every thread.
        while not is_stopped(holder[0].pid):
            time.sleep(0.001)
        proxy.done.set()
        while is_stopped(holder[0].pid):
            time.sleep(0.02)

    return act


def is_stopped(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(") ")[2][0] == "T"
    except OSError:
        return False


@pytest.mark.parametrize("trial", STALLS, ids=str)
def test_a_vanished_client_does_not_hold_up_its_file(
    trial: Trial, database: dict[str, str], undisturbed: Measure, tmp_path: Path
) -> None:
    file = write_usage(tmp_path, "f", ROWS[trial.size])
    point = trial.point(undisturbed(trial.size).counts)
    with (
        Proxy(database, point, vanish) as proxy,
        running(proxy.environment, "load", file.path) as process,
    ):
        assert proxy.done.wait(30)
        kill_group(process)
        second = load(database, file.path, LOADER_STALLED_SECONDS="3")
        assert second.code == 0, second.err
        assert second.says("loaded", file), second.out
    settle(database, [file], [second], "vanished")


def vanish(proxy: Proxy, link: Link) -> None:
    """Take the client's side away from every connection, of which the server hears nothing."""
    proxy.keep_servers()
    swallow(proxy, link)


@pytest.mark.parametrize(("size", "side"), ANSWERS_LOST)
def test_a_commit_without_an_answer_is_resolved(
    size: Size, side: str, database: dict[str, str], undisturbed: Measure, tmp_path: Path
) -> None:
    file = write_usage(tmp_path, "f", ROWS[size])
    point = Trial(size, "cut", "commit", 1.0, side).point(undisturbed(size).counts)
    with Proxy(database, point, cut) as proxy:
        ended: Ended = load(proxy.environment, file.path)
        assert proxy.acted.is_set()
    if side == "after":
        assert ended.code == 0, ended.err
        assert ended.says("loaded", file)
        assert look(database, [file], [file.tag]).is_clean()
    else:
        assert ended.code == 3
        assert "the connection was lost before the load was committed" in ended.err
    settle(database, [file], [ended], f"answer lost, {side}")


def test_the_whole_folder_is_loaded_after_one_answer_was_lost(
    database: dict[str, str], undisturbed: Measure, tmp_path: Path
) -> None:
    files = [write_usage(tmp_path, f"f{serial}", ROWS["small"]) for serial in range(3)]
    point = Point("commit", undisturbed("small").counts["commit"], "after")
    with Proxy(database, point, cut) as proxy:
        ended = load(proxy.environment, tmp_path)
        assert proxy.acted.is_set()
    assert ended.code in {0, 3}
    settle(database, files, [ended], "answer lost, folder")
