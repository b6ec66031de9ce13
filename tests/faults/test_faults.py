"""Whatever is killed, cut or full: nothing is lost, doubled or half there after the next load."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from audit import look, settle
from databases import connect_to
from harness import (
    IS_FULL,
    RANDOM_TRIALS,
    ROWS,
    SEED,
    Breaker,
    Size,
    Trial,
    Undisturbed,
    break_load,
    random_trials,
)
from loaders import end, load, start, write_usage
from mortal import MortalServer

Measure = Callable[[Size], Undisturbed]

# The load's own COMMIT is its last one. Lists end with what the full run has besides.
AT_COMMIT = [
    *(
        Trial(size, fault, "commit", 1.0, side)
        for fault in ("kill", *(["cut", "terminate", "stop"] if IS_FULL else []))
        for size in ("small", "big")
        for side in ("before", "after")
    ),
    # Rows of several connections are there, and the load is not switched to loaded yet.
    Trial("big", "kill", "commit", 0.75, "after"),
    Trial("big", "cut_all", "commit", 0.75, "before"),
]
DEAD_SERVER = [
    Trial("big", "backend_kill", "message", 0.7),
    Trial("small", "server_kill", "commit", 1.0, "after"),
    *(
        Trial(size, fault, kind, at, side)
        for size in ("small", "big")
        for fault in ("backend_kill", "server_kill")
        for kind, at, side in (
            ("message", 0.4, "before"),
            ("message", 0.9, "before"),
            ("commit", 1.0, "before"),
            ("commit", 1.0, "after"),
        )
        if IS_FULL
    ),
]


@pytest.mark.parametrize("trial", [*AT_COMMIT, *random_trials(SEED, RANDOM_TRIALS)], ids=str)
def test_a_broken_load_is_whole_after_the_next(
    trial: Trial, database: dict[str, str], undisturbed: Measure, tmp_path: Path
) -> None:
    usual = undisturbed(trial.size)
    file = write_usage(tmp_path, "f", ROWS[trial.size])
    ended = break_load(trial, file, Breaker(trial, database), usual)
    settle(database, [file], [ended], trial.fault)


@pytest.mark.parametrize("trial", DEAD_SERVER, ids=str)
def test_a_load_is_whole_after_its_server_died(
    trial: Trial, mortal_server: MortalServer, undisturbed: Measure, tmp_path: Path
) -> None:
    environment = mortal_server.new_database()
    postmaster = mortal_server.postmaster
    file = write_usage(tmp_path, "f", ROWS[trial.size])

    def restart() -> None:
        started = end(start({}, "--project-dir", mortal_server.root, "db", "start"))
        assert started.code == 0, started.err

    breaker = Breaker(trial, environment, lambda: os.kill(postmaster, signal.SIGKILL))
    ended = break_load(trial, file, breaker, undisturbed(trial.size), restart)
    assert (mortal_server.postmaster == postmaster) == (trial.fault == "backend_kill")
    settle(mortal_server.environment(environment["PGDATABASE"]), [file], [ended], trial.fault)


@contextmanager
def small_disk(server: MortalServer) -> Iterator[Path]:
    """Yield a folder of the server's on a file system of 12 MiB; skip where none can be mounted."""
    folder = server.root / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m,mode=0700", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        folder.rmdir()
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        owner = Path(f"/proc/{server.postmaster}").stat()
        os.chown(folder, owner.st_uid, owner.st_gid)
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S607
        folder.rmdir()


def test_a_full_disk_leaves_nothing_and_room_lets_the_next_load_through(
    mortal_server: MortalServer, tmp_path: Path
) -> None:
    mortal_server.environment()
    file = write_usage(tmp_path, "f", ROWS["big"])
    small = write_usage(tmp_path, "s", ROWS["small"])
    with small_disk(mortal_server) as disk, connect_to(mortal_server.environment()) as admin:
        admin.execute(f"create tablespace small location '{disk}'")
        environment = mortal_server.new_database()
        name = environment["PGDATABASE"]
        admin.execute(f"alter database {name} set default_tablespace = 'small'")
        try:
            assert load(environment, small.path).code == 0
            ended = load(environment, file.path)
            assert ended.code == 3, ended.out + ended.err
            assert "53100" in ended.err
            assert "Traceback" not in ended.err
            assert look(environment, [small], [small.tag]).is_clean()
            enlarge = ["mount", "-o", "remount,size=256m", str(disk)]
            subprocess.run(enlarge, check=True)
            settle(environment, [small, file], [ended], "disk full")
        finally:
            admin.execute(f"drop database {name} with (force)")
            admin.execute("drop tablespace small")


@pytest.mark.parametrize("size", ["big", "small"] if IS_FULL else ["big"])
def test_of_eight_loaders_of_one_file_one_loads_it(
    size: Size, database: dict[str, str], tmp_path: Path
) -> None:
    file = write_usage(tmp_path, "f", ROWS[size])
    ended = [end(process) for process in [start(database, "load", file.path) for _ in range(8)]]
    assert [run.code for run in ended] == [0] * 8, [run.err for run in ended if run.code]
    assert sum(run.says("loaded", file) for run in ended) == 1
    assert sum(run.says("already loaded", file) for run in ended) == 7
    settle(database, [file], ended, "eight at once")


@pytest.mark.parametrize("order", ["opposite", "same"] if IS_FULL else ["opposite"])
def test_two_loaders_of_overlapping_folders(
    order: str, database: dict[str, str], tmp_path: Path
) -> None:
    names = [f"f{serial}" for serial in range(9)]
    files = [write_usage(tmp_path / "one", name, 2_000) for name in names[:6]]
    others = [write_usage(tmp_path / "two", name, 2_000) for name in names[3:]]
    if order == "opposite":
        for place, file in enumerate(reversed(others)):
            file.path.rename(file.path.with_name(f"{place}.csv"))
    processes = [start(database, "load", tmp_path / folder) for folder in ("one", "two")]
    ended = [end(process) for process in processes]
    assert [run.code for run in ended] == [0, 0], ended
    lines = [line for run in ended for line in run.out.splitlines() if "  load " in line]
    assert sum(line.startswith("loaded  ") for line in lines) == 9
    assert sum(line.startswith("already loaded  ") for line in lines) == 3
    files += [write_usage(tmp_path / "again", name, 2_000) for name in names[6:]]
    settle(database, files, ended, "two folders at once")


def test_nobody_ever_sees_a_part_of_a_load(database: dict[str, str], tmp_path: Path) -> None:
    file = write_usage(tmp_path, "f", ROWS["big"])
    seen: set[int] = set()
    is_over = threading.Event()

    def read() -> None:
        query = (
            "select count(*) from raw_databricks.billable_usage"
            " where _load_id in (select load_id from loader.loads where status = 'loaded')"
        )
        with connect_to(database) as reader:
            while not is_over.is_set():
                try:
                    seen.update(row[0] for row in reader.execute(query))
                except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
                    time.sleep(0.01)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        ended = load(database, file.path)
        time.sleep(0.2)
    finally:
        is_over.set()
        reader.join()
    assert seen == {0, file.rows}
    settle(database, [file], [ended], "reader")
