"""Rows of a seed's file with the lines they stand on; what is not a plain table is a problem.

Stricter than dbt, which fills a short row with nulls and makes a row of a blank line.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from loader.csv_records import read_header, read_records
from loader.errors import DataRefusedError
from loader.lines import physical_lines, without_mark
from loader.records import Blank, Problem, Record
from loader.seeds.declared import Seed
from loader.seeds.problem import SeedProblem

_NO_UTF8 = "is not valid UTF-8"
_UNREADABLE = "\N{REPLACEMENT CHARACTER}"
_QUOTES = 'put the cell into quotes and double those inside it, as in "a ""b"""'
_ADVICE = {
    _NO_UTF8: "save the file as UTF-8; spreadsheets call it CSV UTF-8",
    "is blank": "remove the line",
    "holds a quote but is not quoted": _QUOTES,
    "opens a quote that is not closed": _QUOTES,
    "goes on after its closing quote": _QUOTES,
}
_WIDTH = "give each column one cell; a cell that holds a comma goes into quotes"


@dataclass(frozen=True)
class Row:
    """A row: the line it begins on, and its cells by column, None where there is nothing."""

    line: int
    cells: dict[str, str | None]


@dataclass(frozen=True)
class Table:
    """What a seed's file holds; `header` is empty when the file cannot be read as this seed."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    problems: tuple[SeedProblem, ...]


def read_table(seed: Seed) -> Table:
    """Return the rows of a seed, and everything that keeps its file from being a table of it."""
    try:
        lines = physical_lines([seed.path.read_bytes()])
    except FileNotFoundError:
        advice = f"make it, if only with its header: {','.join(seed.columns)}"
        return Table((), (), (SeedProblem(seed.place, None, "the file", "is missing", advice),))
    first = next(lines, None)
    try:
        header = read_header(first if first is None else without_mark(first, seed.place))
    except DataRefusedError as error:
        problem = error.message.removeprefix(f"{seed.place}: ")
        return Table((), (), (SeedProblem(seed.place, 1, "the file", problem, _ADVICE[_NO_UTF8]),))
    if isinstance(header, Problem):
        no_header = header._replace(expected=f"the header is {','.join(seed.columns)}")
        return Table((), (), (_problem(seed, no_header),))
    if wrong := _wrong_columns(seed, header):
        return Table((), (), wrong)
    return _table(seed, header, read_records(lines, header))


def _table(seed: Seed, header: tuple[str, ...], items: Iterable[Record | Blank | Problem]) -> Table:
    rows, problems = [], []
    for item in items:
        if isinstance(item, Record):
            # dbt takes a cell of nothing but spaces for an empty one.
            cells = [cell if cell and cell.strip() else None for cell in item.fields]
            rows.append(Row(item.line_number, dict(zip(header, cells, strict=True))))
        elif isinstance(item, Blank):
            problems.append(
                _problem(seed, Problem(item.line_number, item.byte_offset, None, "is blank"))
            )
        else:
            column = item.column
            if item.reason == _NO_UTF8 and item.raw:
                column = _unreadable_column(header, item.raw)
            problems.append(_problem(seed, item._replace(column=column)))
    return Table(header, tuple(rows), tuple(problems))


def _wrong_columns(seed: Seed, header: tuple[str, ...]) -> tuple[SeedProblem, ...]:
    """Return what the header has too much, twice or not at all; dbt would guess a type for it."""
    if len(header) == 1 and len(seed.columns) > 1:
        problem = "is one cell, where the seed has several columns"
        advice = f"separate cells by commas; the header is {','.join(seed.columns)}"
        return (SeedProblem(seed.place, 1, "the header", problem, advice),)
    known = f"declared in {seed.declaration}: {', '.join(seed.columns)}"
    found = [
        *((name, "is missing in the header") for name in seed.columns if name not in header),
        *(
            (name or "a column", "is not a column of this seed")
            for name in dict.fromkeys(header)
            if name not in seed.columns
        ),
        *(
            (name, "stands more than once in the header")
            for name in seed.columns
            if header.count(name) > 1
        ),
    ]
    return tuple(SeedProblem(seed.place, 1, name, problem, known) for name, problem in found)


def _problem(seed: Seed, problem: Problem) -> SeedProblem:
    advice = _WIDTH if "field" in problem.reason else _ADVICE.get(problem.reason, problem.expected)
    return SeedProblem(
        seed.place, problem.line_number, problem.column or "the line", problem.reason, advice
    )


def _unreadable_column(header: tuple[str, ...], raw: bytes) -> str | None:
    """Return the column whose cell holds bytes that are not UTF-8, in a line of all columns."""
    readable = raw.decode(errors="replace").encode()
    record = next(read_records(physical_lines([readable]), header), None)
    if not isinstance(record, Record):
        return None
    cells = zip(header, record.fields, strict=True)
    return next((name for name, cell in cells if cell and _UNREADABLE in cell), None)
