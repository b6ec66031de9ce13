"""Problems as a person reads them: where, what, what was expected, and what to do."""

from collections.abc import Sequence

from loader.errors import DataRefusedError
from loader.exports import Column
from loader.records import Problem

MAX_SHOWN = 20
_MAX_CELL = 40


class RefusedRowsError(DataRefusedError):
    """Rows of a file are refused; `problems` are the first twenty of `total`."""

    def __init__(self, place: str, problems: Sequence[Problem], total: int, advice: str) -> None:
        """Put the problems of the file at `place` into one message that ends with `advice`."""
        self.problems = tuple(problems)
        self.total = total
        first, *rest = (_entry(place, problem) for problem in problems)
        hidden = total - len(problems)
        more = [f"{hidden:,} more problems are not shown"] if hidden else []
        super().__init__("\n".join((first, *rest)), *more, advice)


def shown_cell(column: Column, value: str | None) -> str | None:
    """Return the value as it may be shown, or None: JSON and e-mail addresses are never shown."""
    if value is None or column.type.name == "jsonb" or "@" in value:
        return None
    return shortened(value)


def shortened(value: str) -> str:
    """Return the value in quotes and on one line, cut after about forty characters."""
    return repr(value if len(value) <= _MAX_CELL else value[: _MAX_CELL - 1] + "…")


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as `1 row` or `1,200 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def shown_name(name: str) -> str:
    """Return a name found in a file as it may be shown behind the word for what it names."""
    return "with an e-mail address" if "@" in name else shortened(name)


def without_content(problems: Sequence[Problem], total: int) -> str:
    """Return the problems as the ledger keeps them: lines, columns and reasons, no cell."""
    hidden = total - len(problems)
    reasons = [f"line {problem.line_number}: {_reason(problem)}" for problem in problems]
    return "; ".join([*reasons, *([f"{hidden:,} more"] if hidden else [])])


def _entry(place: str, problem: Problem) -> str:
    cell = "" if problem.cell is None else f": {problem.cell}"
    what = f"{place}:{problem.line_number}: {_reason(problem)}{cell}"
    return what if problem.expected is None else f"{what}\n  {problem.expected}"


def _reason(problem: Problem) -> str:
    if problem.column is None:
        return f"the line {problem.reason}"
    return f"{problem.column} {problem.reason}"
