import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from loader import __version__, ledger
from loader.ledger import Content
from loader.project import Project

Run = Callable[..., tuple[int, str, str]]

WORKERS = "ID,Count,TimestampUnix,WorkerPoolName\n1,3,1714330800,linux\n"
BROKEN = WORKERS + "2,x,1714330800,linux\n"
BROKEN_ERROR = (
    "count is not a whole number: 'x'\n"
    "  expected a whole number such as 42\n"
    "  nothing was loaded; fix the row and load the file again,"
    " or load the rest with --on-error quarantine\n"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("database")
def test_load_says_what_became_of_each_file(run: Run, folder: Path) -> None:
    (folder / "in").mkdir()
    (folder / "in" / "a.csv").write_text(WORKERS)
    (folder / "in" / "b.csv").write_text(BROKEN)
    (folder / "in" / "c.csv").write_text(WORKERS)
    (folder / "in" / "d.csv").write_text(WORKERS.splitlines(keepends=True)[0] + "\n")
    (folder / "in" / "e.csv").write_text(WORKERS.splitlines(keepends=True)[0])
    assert run("load", "in") == (
        1,
        (
            "loaded  in/a.csv  spacelift.worker_count  load 1  1 row\n"
            "refused  in/b.csv  1 rejected\n"
            "already loaded  in/c.csv  spacelift.worker_count  load 1  1 row\n"
            "loaded  in/d.csv  spacelift.worker_count  load 3  0 rows  1 blank\n"
            "loaded  in/e.csv  spacelift.worker_count  load 4  0 rows  only a header\n"
            "5 files: 1 already loaded, 3 loaded, 1 refused; 1 row\n"
        ),
        f"error: in/b.csv:3: {BROKEN_ERROR}",
    )
    assert run("load", "in/a.csv") == (
        0,
        "already loaded  in/a.csv  spacelift.worker_count  load 1  1 row\n",
        "",
    )


@pytest.mark.usefixtures("database")
def test_the_account_is_the_one_given(run: Run, folder: Path) -> None:
    (folder / "a.csv").write_text(WORKERS)
    assert run("load", "a.csv", "--account", "acme")[0] == 0
    loads = json.loads(run("loads", "--json")[1])["loads"]
    assert [load["account_key"] for load in loads] == ["acme"]


@pytest.mark.usefixtures("database")
def test_json_holds_every_file_and_problem(run: Run, folder: Path) -> None:
    (folder / "a.csv").write_text(WORKERS)
    (folder / "b.csv").write_text(BROKEN)
    code, out, err = run("load", "a.csv", "b.csv", "--json")
    assert (code, err) == (1, f"error: b.csv:3: {BROKEN_ERROR}")
    assert json.loads(out) == {
        "files": [
            {
                "file": "a.csv",
                "status": "loaded",
                "export": "spacelift.worker_count",
                "account": "default",
                "load_id": 1,
                "rows_read": 1,
                "rows_loaded": 1,
                "rows_rejected": 0,
                "rows_blank": 0,
                "replaced": [],
                "replaced_by": None,
                "added_columns": [],
                "error": None,
                "problems": [],
            },
            {
                "file": "b.csv",
                "status": "refused",
                "export": None,
                "account": None,
                "load_id": None,
                "rows_read": None,
                "rows_loaded": None,
                "rows_rejected": 1,
                "rows_blank": None,
                "replaced": [],
                "replaced_by": None,
                "added_columns": [],
                "error": f"b.csv:3: {BROKEN_ERROR}".strip(),
                "problems": [
                    {
                        "line": 3,
                        "byte_offset": 59,
                        "column": "count",
                        "reason": "is not a whole number",
                        "expected": "expected a whole number such as 42",
                        "cell": "'x'",
                    }
                ],
            },
        ],
        "counts": {"loaded": 1, "refused": 1},
    }


def test_files_of_a_folder_that_are_passed_over_are_named(run: Run, folder: Path) -> None:
    (folder / "deep").mkdir()
    (folder / "a.csv").write_text(WORKERS)
    for name in ("deep/usage.csv.bz2", "notes.txt", ".hidden", "_draft.txt"):
        (folder / name).write_text("")
    code, out, err = run("check", ".")
    assert (code, out.split()) == (0, ["loadable", "a.csv", "spacelift.worker_count", "1", "row"])
    assert err == (
        "not looked at, by their names: deep/usage.csv.bz2, notes.txt\n"
        "  a folder's files are loaded when they end in"
        " .csv, .json, .jsonl, .ndjson, these with .gz or .zst, or .zip\n"
    )
    for quietly in (["--quiet"], ["--pattern", "*.csv"]):
        assert run("check", ".", *quietly)[2] == ""
    for number in range(7):
        (folder / f"{number}.txt").write_text("")
    assert "0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 4 more\n" in run("check", ".")[2]


def test_on_a_terminal_a_result_has_its_line_to_itself(folder: Path, project: Project) -> None:
    for name in ("a.csv", "c.csv"):
        (folder / name).write_text(WORKERS)
    (folder / "b.csv").write_text(BROKEN)
    command = (sys.executable, "-m", "loader", "--project-dir", str(project.root), "check", ".")
    shown = on_a_terminal(*command)
    assert shown == [
        "loadable  a.csv  spacelift.worker_count  1 row",
        *f"error: b.csv:3: {BROKEN_ERROR}".splitlines(),
        "refused  b.csv  1 rejected",
        "loadable  c.csv  spacelift.worker_count  1 row",
        "3 files: 2 loadable, 1 refused; 2 rows",
    ]


def on_a_terminal(*command: str) -> list[str]:
    """Return the lines that stand on a terminal when a command has ended."""
    main, other = pty.openpty()
    with subprocess.Popen(command, stdout=other, stderr=other, stdin=other) as process:
        os.close(other)
        written = b""
        with suppress(OSError):
            while part := os.read(main, 4096):
                written += part
        process.wait(30)
    os.close(main)
    return lines_standing(written.decode())


def lines_standing(written: str) -> list[str]:
    """Return the lines that a terminal shows at last, of the few things that are asked of it."""
    lines, at = [""], 0
    for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\n|\r|[^\x1b\n\r]+", written):
        if part == "\n":
            at += 1
            lines += [""] * (at + 1 - len(lines))
        elif part == "\x1b[1A":
            at -= 1
        elif part == "\x1b[2K":
            lines[at] = ""
        elif part[0] not in "\x1b\r":
            lines[at] += part
    return [line for line in lines if line]


def test_check_needs_no_database(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", str(folder))
    (folder / "a.csv").write_text(WORKERS)
    (folder / "b.csv").write_text(BROKEN)
    assert run("check", "a.csv") == (0, "loadable  a.csv  spacelift.worker_count  1 row\n", "")
    assert run("check", "*.csv") == (
        1,
        (
            "loadable  a.csv  spacelift.worker_count  1 row\n"
            "refused  b.csv  1 rejected\n"
            "2 files: 1 loadable, 1 refused; 1 row\n"
        ),
        f"error: b.csv:3: {BROKEN_ERROR}",
    )


def test_an_export_can_be_named(run: Run, folder: Path) -> None:
    (folder / "a.csv").write_text(WORKERS)
    assert run("check", "a.csv", "--export", "spacelift.run_minutes")[0] == 1
    assert run("check", "a.csv", "--export", "spacelift.worker_count")[0] == 0


# A command line, and the error it ends with; exit code 2.
MISTAKES = [
    (["load", "nix.csv"], "error: nix.csv: no such file or folder\n"),
    (["load", "nix.csv", "--account", " "], "error: --account: must be text\n"),
    (
        ["load", "nix.csv", "--account", "x" * 501],
        "error: --account: is longer than 500 characters\n",
    ),
    (
        ["check", "nix.csv", "--export", "nix"],
        (
            "error: nix: no export of this name is declared\n"
            "  declared exports: databricks.billable_usage, infrasage.usage_breakdown, "
            "infrasage.usage_metering, metronome.usage_events, spacelift.run_minutes, "
            "spacelift.worker_count, tecton.billable_usage_v1, tecton.billable_usage_v2\n"
        ),
    ),
]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("arguments", "error"), MISTAKES)
def test_wrong_usage_is_explained(run: Run, arguments: list[str], error: str) -> None:
    assert run(*arguments) == (2, "", error)


def test_a_folder_outside_of_a_project_is_no_place_to_load(run: Run, tmp_path: Path) -> None:
    assert run("--project-dir", str(tmp_path), "sources") == (
        2,
        "",
        (
            f"error: {tmp_path}: no dbt_project.yml here or in any folder above\n"
            "  run loader in the project folder, or name it with --project-dir\n"
        ),
    )


def test_a_database_that_is_not_there_is_exit_code_3(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOST", str(folder))
    (folder / "a.csv").write_text(WORKERS)
    code, out, err = run("load", "a.csv")
    assert (code, out) == (3, "")
    assert err.startswith("error: ")


@pytest.mark.usefixtures("database")
def test_an_unforeseen_database_error_shows_no_traceback(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        message = "password canary"
        raise psycopg.OperationalError(message)

    monkeypatch.setattr("loader.raw_tables.prepare", fail)
    (folder / "a.csv").write_text(WORKERS)
    assert run("load", "a.csv") == (
        3,
        "",
        "error: PostgreSQL: the connection was lost or refused\n  see: loader db status\n",
    )


@pytest.mark.usefixtures("folder")
def test_an_interrupt_is_quiet(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("loader.commands.load.expand", interrupt)
    assert run("check", "x") == (130, "", "")


@pytest.mark.usefixtures("database")
def test_the_ledger_is_listed(run: Run, folder: Path) -> None:
    assert run("loads") == (0, "nothing was loaded yet\n", "")
    assert run("loads", "--json") == (0, '{\n  "loads": []\n}\n', "")
    (folder / "a.csv").write_text(WORKERS)
    (folder / "b.csv").write_text(BROKEN)
    run("load", "a.csv", "b.csv")
    code, out, err = run("loads")
    headings, first, second = out.splitlines()
    assert (code, err) == (0, "")
    assert headings == (
        "load  status  export                  account  read  loaded  rejected  file   finished"
    )
    assert first.startswith(
        "1     loaded  spacelift.worker_count  default  1     1       0         a.csv  20"
    )
    assert second.startswith(
        "2     failed  spacelift.worker_count  default  2     0       1         b.csv  20"
    )
    loads = json.loads(run("loads", "--json")[1])["loads"]
    assert [load["failure"] for load in loads] == [None, "line 3: count is not a whole number"]
    (folder / "c.csv").write_text(WORKERS.replace("linux", "windows"))
    run("load", "c.csv")

    def listed(*options: str) -> list[int]:
        return [
            load["load_id"] for load in json.loads(run("loads", *options, "--json")[1])["loads"]
        ]

    assert listed() == [1, 2, 3]
    assert listed("--last", "2") == [2, 3]
    assert listed("--status", "loaded") == [1, 3]
    assert listed("--status", "loaded", "--last", "1") == [3]
    assert run("loads", "--status", "withdrawn") == (0, "no load is withdrawn\n", "")


def test_a_load_that_is_not_finished_says_no_time(connection: psycopg.Connection, run: Run) -> None:
    content = Content("spacelift.worker_count", "acme", "file:///x.csv", "x.csv", "1" * 64, 1)
    ledger.begin(connection, content)
    assert run("loads")[1].splitlines()[1].endswith("  x.csv")


def test_the_declared_exports_are_listed(run: Run) -> None:
    code, out, err = run("sources")
    assert (code, err) == (0, "")
    assert out.split("spacelift.worker_count")[1].split("tecton")[0] == (
        "  csv  account: given with --account\n"
        "  column            type    in the file\n"
        "  id                bigint  ID\n"
        "  count             bigint  Count           not null\n"
        "  timestamp_unix    bigint  TimestampUnix   not null\n"
        "  worker_pool_name  text    WorkerPoolName\n"
    )
    sources = {
        source["name"]: source for source in json.loads(run("sources", "--json")[1])["sources"]
    }
    assert sources["databricks.billable_usage"]["columns"][10] == {
        "name": "cluster_owner_user_name",
        "data_type": "text",
        "header": "clusterOwnerUserName",
        "aliases": ["clusterOwnerUserEmail"],
        "is_optional": True,
        "is_not_null": False,
        "pattern": None,
        "description": "E-mail address of the creator. Personal data; absent unless asked for.",
    }


def test_the_version_is_printed(run: Run) -> None:
    assert run("--version") == (0, f"loader {__version__}\n", "")


@pytest.mark.parametrize("command", ["load", "check", "loads", "sources", "breakdown"])
def test_every_command_shows_an_example(run: Run, command: str) -> None:
    code, out, _ = run(command, "--help")
    assert code == 0
    assert f"Example: loader {command}" in out


def test_progress_is_for_a_terminal_only(folder: Path, project: Project) -> None:
    (folder / "a.csv").write_text(WORKERS)
    command = [sys.executable, "-m", "loader", "--project-dir", str(project.root), "check", "a.csv"]
    terminal, side = pty.openpty()
    shown = subprocess.run(command, stderr=side, stdout=subprocess.PIPE, check=True)
    os.close(side)
    assert b"rows/s" in os.read(terminal, 1 << 16)
    os.close(terminal)
    quiet = subprocess.run(command, capture_output=True, check=True)
    assert quiet.stderr == b""
    assert shown.stdout == quiet.stdout


def test_a_plain_load_imports_neither_pydantic_nor_other_commands(folder: Path) -> None:
    (folder / "a.csv").write_text(WORKERS)
    script = """
import sys
from loader.cli import main

try:
    main()
finally:
    print([name for name in ("pydantic", "loader.closing", "loader.report") if name in sys.modules])
"""
    project = Path(__file__).parents[2]
    given = ["--project-dir", str(project), "check", "a.csv", "--on-error", "quarantine"]
    shown = subprocess.run(
        [sys.executable, "-c", script, *given], capture_output=True, text=True, check=True
    ).stdout
    assert shown == "loadable  a.csv  spacelift.worker_count  1 row\n[]\n"


def test_a_damaged_archive_is_one_refused_file_among_others(run: Run, folder: Path) -> None:
    (folder / "in").mkdir()
    (folder / "in" / "a.zip").write_bytes(b"PK\x03\x04")
    (folder / "in" / "b.csv").write_text(WORKERS)
    code, shown, errors = run("check", "in")
    assert (code, shown) == (
        1,
        (
            "refused  in/a.zip\n"
            "loadable  in/b.csv  spacelift.worker_count  1 row\n"
            "2 files: 1 loadable, 1 refused; 1 row\n"
        ),
    )
    assert errors.startswith("error: in/a.zip: is no whole zip archive\n")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (["--on-error", "stop"], "'--on-error': Value error, 'stop' is not one of"),
        (["--jobs", "two"], "'--jobs': Input should be a valid integer"),
        (["--jobs", "99"], "'--jobs': Input should be less than or equal to 16"),
    ],
)
def test_what_is_not_plain_is_refused_by_typer(
    run: Run, folder: Path, given: list[str], reason: str
) -> None:
    (folder / "a.csv").write_text(WORKERS)
    code, shown, errors = run("load", "a.csv", *given)
    assert (code, shown) == (2, "")
    assert reason in errors
