"""Every file of tests/corpus: each physical line has exactly the fate the expectations give it."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from reading import EXPORTS, Read, read_bytes, read_file

from loader.csv_blocks import FEW_BYTES
from loader.errors import DataRefusedError

CORPUS = Path(__file__).parents[1] / "corpus"
EXPECTATIONS: dict[str, Any] = tomllib.loads((CORPUS / "expectations.toml").read_text("utf-8"))
FILES: dict[str, dict[str, Any]] = EXPECTATIONS["files"]
REFUSED = [name for name, given in FILES.items() if "refused" in given]
READ = [name for name in FILES if name not in REFUSED]
CHUNKS = (1, 2, 3, 7, 64, 4096)
BLOCKS = (8, 9, 31, 64, 100, 257)
HEADER = "ID,Count,TimestampUnix,WorkerPoolName\n"


@dataclass(frozen=True)
class Expected:
    """What must become of a file, and how many physical lines it has."""

    rows: list[tuple[int, dict[str, str | None]]]
    rejects: list[tuple[int, str]]
    blanks: int
    lines: int


def expected(name: str) -> Expected:
    given = FILES[name]
    fates = given["lines"].split()
    refused = [number for number, fate in enumerate(fates, 1) if fate == "!"]
    return Expected(
        rows=[
            (number, values_of(given, fate))
            for number, fate in enumerate(fates, 1)
            if fate.isdecimal()
        ],
        rejects=list(zip(refused, given.get("rejects", []), strict=True)),
        blanks=fates.count("."),
        lines=len(fates),
    )


def values_of(given: dict[str, Any], serial: str) -> dict[str, str | None]:
    """Return the values of the row with that serial, null for the columns that have none."""
    export = EXPORTS[given["export"]]
    template = EXPECTATIONS["rows"][export.name]
    values: dict[str, str | None] = {column.name: None for column in export.columns}
    values |= {column: text.replace("#", serial) for column, text in template.items()}
    values |= given.get("changed", {}).get(serial, {})
    empty = given.get("null", {}).get(serial, []) + given.get("absent", [])
    return values | dict.fromkeys(empty)


def rows_of(read: Read) -> list[tuple[int, dict[str, str | None]]]:
    names = [column.name for column in read.export.columns]
    return [(line, dict(zip(names, fields, strict=True))) for line, fields in read.records]


def physical_lines(content: bytes) -> int:
    return content.count(b"\n") + (not content.endswith(b"\n"))


def lines_taken(read: Read, name: str) -> int:
    """Count the physical lines that what was read stands for, the header among them."""
    items = len(read.records) + len(read.problems) + read.blanks
    if not name.endswith(".csv"):
        return items + FILES[name]["lines"].split().count("-")
    inner = sum(field.count("\n") for _, fields in read.records for field in fields if field)
    # What a rejected record of several lines holds beyond its first, only the expectations know.
    fates = "".join(FILES[name]["lines"].split()).replace("header", "")
    return 1 + items + inner + sum(len(tail) for tail in re.findall("!(~+)", fates))


def test_every_file_has_an_expectation_and_every_expectation_a_file() -> None:
    files = {path.name for path in CORPUS.iterdir()} - {"expectations.toml", ".gitattributes"}
    assert files == set(FILES)
    assert len(files) >= 100


@pytest.mark.parametrize("name", READ)
def test_a_file_is_recognised_for_what_it_is(name: str) -> None:
    assert read_file(CORPUS / name).export.name == FILES[name]["export"]


@pytest.mark.parametrize("name", READ)
def test_exactly_the_broken_lines_are_rejected_with_their_reasons(name: str) -> None:
    assert read_file(CORPUS / name).problems == expected(name).rejects


@pytest.mark.parametrize("name", READ)
def test_every_unbroken_row_is_intact_and_no_other_is_there(name: str) -> None:
    assert rows_of(read_file(CORPUS / name)) == expected(name).rows


@pytest.mark.parametrize("name", READ)
def test_every_physical_line_is_read_rejected_or_blank_exactly_once(name: str) -> None:
    content = (CORPUS / name).read_bytes()
    read = read_file(CORPUS / name)
    assert read.blanks == expected(name).blanks
    assert lines_taken(read, name) == physical_lines(content) == expected(name).lines


@pytest.mark.parametrize("chunk", CHUNKS)
@pytest.mark.parametrize("name", READ)
def test_it_does_not_matter_how_the_bytes_arrive(name: str, chunk: int) -> None:
    assert read_file(CORPUS / name, chunk) == read_file(CORPUS / name)


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("name", READ)
def test_it_does_not_matter_where_blocks_end(name: str, block: int) -> None:
    assert read_file(CORPUS / name, block=block) == read_file(CORPUS / name)


@pytest.mark.parametrize("few", [FEW_BYTES, 300])
@pytest.mark.parametrize("name", READ)
def test_it_does_not_matter_what_is_read_line_by_line(name: str, few: int) -> None:
    assert read_file(CORPUS / name, block=400, few=few) == read_file(CORPUS / name)


@pytest.mark.parametrize("chunk", [*CHUNKS, 1 << 16])
@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_no_export_is_refused_with_its_reason(name: str, chunk: int) -> None:
    with pytest.raises(DataRefusedError) as refused:
        read_file(CORPUS / name, chunk)
    assert FILES[name]["refused"] in refused.value.message
    assert refused.value.message.startswith(name)


MIB = 1 << 20
# Lines too large to be kept among the files: the one between rows 1 and 3, and its reject, if any.
LARGE = {
    "a field of 1 MiB": ("2,22,1790812802," + "x" * MIB, None),
    "a field over 1 MiB": (
        "2,22,1790812802," + "x" * (MIB + 1),
        "WorkerPoolName is longer than 1 MiB",
    ),
    "a quoted field over 1 MiB": (
        '2,22,1790812802,"' + "é" * MIB + '"',
        "WorkerPoolName is longer than 1 MiB",
    ),
    "a line over 8 MiB": (
        "2,22,1790812802," + "x" * 8 * MIB,
        "the line is longer than 8 MiB",
    ),
    "a line over 32 MiB": (
        "2,22,1790812802," + "x" * 33 * MIB,
        "the line is longer than 8 MiB",
    ),
}


@pytest.mark.parametrize(("line", "reason"), LARGE.values(), ids=LARGE.keys())
def test_a_line_too_large_costs_no_other(line: str, reason: str | None) -> None:
    content = f"{HEADER}1,12,1790812801,pool-1\n{line}\n3,32,1790812803,pool-3\n"
    read = read_bytes(content.encode(), "large.csv", MIB)
    kept = [(3, tuple(line.split(",")))] if reason is None else []
    first, last = (2, ("1", "12", "1790812801", "pool-1")), (4, ("3", "32", "1790812803", "pool-3"))
    assert read.records == [first, *kept, last]
    assert read.problems == ([] if reason is None else [(3, reason)])
