"""The one way in which tests of whole files read them: no test there knows how it is done."""

from io import BytesIO
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from loader.batches import Batch
from loader.csv_blocks import BLOCK_BYTES
from loader.exports import Export, read_exports
from loader.parsing import read_export
from loader.problems import without_content
from loader.project import Project
from loader.records import Problem

ROOT = Path(__file__).parents[1]
EXPORTS = {export.name: export for export in read_exports(Project(ROOT))}

# A line of the file, and a record's values in the order of the raw table's columns.
Row = tuple[int, tuple[str | None, ...]]


class Read(NamedTuple):
    """What became of a file: its rows and rejects by line, and how many lines are blank."""

    export: Export
    records: list[Row]
    problems: list[tuple[int, str]]
    blanks: int


def read_file(path: Path, chunk: int = 1 << 16, block: int = BLOCK_BYTES, *, few: int = 0) -> Read:
    """Read a file, `chunk` bytes at a time; raises DataRefusedError when it is refused whole.

    A problem is its line and its reason, such as `count is empty` or `the line has 1 field, …`.
    `block` is how many bytes are judged together, so that small files too have borders; fewer
    than `few` are read line by line.
    """
    return read_bytes(path.read_bytes(), path.name, chunk, block, few=few)


def read_bytes(
    content: bytes, name: str, chunk: int = 1 << 16, block: int = BLOCK_BYTES, *, few: int = 0
) -> Read:
    """Read the content of a file called `name`."""
    source = BytesIO(content)
    with (
        patch("loader.csv_blocks.BLOCK_BYTES", block),
        patch("loader.csv_blocks.PART_BYTES", max(1, block // 4)),
        patch("loader.csv_blocks.FEW_BYTES", few),
        patch("loader.parsing._JOB_BYTES", block),
    ):
        reading = read_export(
            lambda size: source.read(min(size, chunk)), tuple(EXPORTS.values()), name
        )
        batches = [job() for job in reading.jobs]
    problems = [problem for batch in batches for problem in batch.problems]
    return Read(
        reading.export,
        [row for batch in batches for row in _rows_of(batch)],
        [(problem.line_number, _reason(problem)) for problem in problems],
        sum(batch.blank for batch in batches),
    )


def _rows_of(batch: Batch) -> list[Row]:
    fields = zip(*(column.to_pylist() for column in batch.rows), strict=True)
    return list(zip(batch.line_numbers.to_pylist(), fields, strict=True))


def _reason(problem: Problem) -> str:
    return without_content([problem], 1).removeprefix(f"line {problem.line_number}: ")
