"""Seeds that PostgreSQL would not take are refused before dbt runs, by file, line and column."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from databases import connect_to
from seed_mistakes import ROOT, copy_seeds

from loader.project import Project
from loader.seeds import SeedProblem, check_seeds, read_seeds, told

PROJECT = Project(ROOT)
BUDGETS = "team,period_start,period_end,amount,currency,thresholds\n"
GOOD = "growth,2026-10-01,2026-11-01,4300.00,USD,50;80\n"
PERIOD = "growth,2026-10-01,2026-11-01"
NUMBER, DAY = "expected a decimal such as 12.5", "expected a date such as 2024-05-10"
WIDTH = "give each column one cell; a cell that holds a comma goes into quotes"
QUOTES = 'put the cell into quotes and double those inside it, as in "a ""b"""'
UTF_8 = "save the file as UTF-8; spreadsheets call it CSV UTF-8"
KNOWN = (
    "declared in models/reference/_budgets__seeds.yml: "
    "team, period_start, period_end, amount, currency, thresholds"
)


Check = Callable[[Path], list[str]]


@pytest.fixture(scope="module")
def check(own_database: dict[str, str]) -> Check:
    """Return what gives the problems of a folder of seeds, as they are shown."""

    def problems(folder: Path) -> list[str]:
        with connect_to(own_database) as connection:
            return [str(found) for found in check_seeds(connection, read_seeds(PROJECT, folder))]

    return problems


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_seeds(tmp_path)


def test_the_demos_seeds_are_good(folder: Path, check: Check) -> None:
    assert check(folder) == []


@pytest.mark.parametrize(
    ("rows", "line", "said"),
    [
        (f"{PERIOD},abc,USD,\n", 3, ("amount is not a number: 'abc'", NUMBER)),
        (f'{PERIOD},"1,200.50",USD,\n', 3, ("amount is not a number: '1,200.50'", NUMBER)),
        (f"{PERIOD},NaN,USD,\n", 3, ("amount is not a number: 'NaN'", NUMBER)),
        (
            f"{PERIOD},0.1234567890123,USD,\n",
            3,
            ("amount has more than 12 decimals: '0.1234567890123'", NUMBER),
        ),
        (
            "growth,2026-10-01,2026-13-01,1,USD,\n",
            3,
            ("period_end is not a date of the calendar: '2026-13-01'", DAY),
        ),
        (
            "growth,01/02/2026,2026-11-01,1,USD,\n",
            3,
            ("period_start is not a date: '01/02/2026'", DAY),
        ),
        (f"{GOOD}\n{GOOD}", 4, ("the line is blank", "remove the line")),
        (f"{GOOD}{PERIOD},1,USD\n", 4, ("the line has 5 fields, the header has 6", WIDTH)),
        (f"{PERIOD},1,200,USD,\n", 3, ("the line has 7 fields, the header has 6", WIDTH)),
        (f'{PERIOD},1,"USD,\n', 3, ("currency opens a quote that is not closed", QUOTES)),
        (
            f'"growth",{PERIOD.partition(",")[2]},jane@example.com,USD,\n',
            3,
            ("amount is not a number: '***'", NUMBER),
        ),
        (b"gr\xf6wth,2026-10-01,2026-11-01,1,USD,\n", 3, ("team is not valid UTF-8", UTF_8)),
    ],
)
def test_a_row_is_refused(
    folder: Path, check: Check, rows: str | bytes, line: int, said: tuple[str, str]
) -> None:
    added = rows if isinstance(rows, bytes) else rows.encode()
    (folder / "budgets.csv").write_bytes(f"{BUDGETS}{GOOD}".encode() + added)
    first, advice = said
    assert check(folder) == [f"{folder}/budgets.csv:{line}: {first}\n  {advice}"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            BUDGETS.replace("amount", "sum").encode(),
            [
                f"amount is missing in the header\n  {KNOWN}",
                f"sum is not a column of this seed\n  {KNOWN}",
            ],
        ),
        (
            BUDGETS.replace("\n", ",note\n").encode(),
            [f"note is not a column of this seed\n  {KNOWN}"],
        ),
        (
            BUDGETS.replace("\n", ",team\n").encode(),
            [f"team stands more than once in the header\n  {KNOWN}"],
        ),
        (BUDGETS.encode("utf-16"), [f"the file is UTF-16, not UTF-8\n  {UTF_8}"]),
        (
            BUDGETS.replace(",", ";").encode(),
            [
                (
                    "the header is one cell, where the seed has several "
                    f"columns\n  separate cells by commas; the header is {BUDGETS.strip()}"
                )
            ],
        ),
        (b"", [f"the line is not a header\n  the header is {BUDGETS.strip()}"]),
    ],
)
def test_a_header_is_refused(folder: Path, check: Check, content: bytes, said: list[str]) -> None:
    (folder / "budgets.csv").write_bytes(content)
    expected = [f"{folder}/budgets.csv:1: {text}" for text in said]
    assert check(folder) == expected


def test_a_seed_that_is_missing_is_named(folder: Path, check: Check) -> None:
    (folder / "budgets.csv").unlink()
    assert check(folder) == [
        (
            f"{folder}/budgets.csv: the file is missing\n"
            f"  make it, if only with its header: {BUDGETS.strip()}"
        )
    ]


def test_what_spreadsheets_write_is_accepted(folder: Path, check: Check) -> None:
    # Cells of spaces are empty ones, for dbt too; whether they may be empty is up to a test.
    text = f'{BUDGETS}{GOOD}"growth, or so",2026-10-01,2026-11-01, ,USD," "\n'
    (folder / "budgets.csv").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert check(folder) == []


def test_a_type_the_loader_does_not_know_is_judged_by_postgresql(
    folder: Path, check: Check
) -> None:
    path = folder / "attribution_rules.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    first = lines[1].split(",", 2)
    path.write_text("\n".join([lines[0], f"a,99999999999,{first[2]}", *lines[2:], ""]))
    assert check(folder) == [
        (
            f"{path}:2: priority is refused by PostgreSQL: '99999999999'\n"
            '  value "99999999999" is out of range for type integer'
        )
    ]


def test_twenty_problems_are_shown_and_all_are_counted() -> None:
    problems = [
        SeedProblem(f"seeds/{'ab'[line % 2]}.csv", line, "team", "is empty")
        for line in range(2, 33)
    ]
    shown = told(problems)
    assert shown[:2] == ["seeds/a.csv:2: team is empty", "seeds/b.csv:3: team is empty"]
    assert shown[-1] == "31 problems in 2 seeds, 11 of them not shown"
    assert len(shown) == 21
    assert told(problems[:1])[-1] == "1 problem in 1 seed"
    assert told([]) == []


def test_the_command_line_names_what_is_wrong_and_builds_nothing(
    folder: Path, own_database: dict[str, str]
) -> None:
    (folder / "budgets.csv").write_text(f"{BUDGETS}{PERIOD},abc,USD,\n")
    result = subprocess.run(
        [sys.executable, "-m", "loader", "build", "--seeds", str(folder)],
        cwd=ROOT,
        env=own_database,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stdout == "dbt build: nothing was built in 0.0 s\n"
    assert result.stderr == (
        f"{folder}/budgets.csv:2: amount is not a number: 'abc'\n  {NUMBER}\n1 problem in 1 seed\n"
    )
    with connect_to(own_database) as connection:
        assert connection.execute("select to_regnamespace('reference')").fetchone() == (None,)
