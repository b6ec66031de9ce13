"""What `load` and `check` report of each file and of all of them, as lines and as a document."""

from collections.abc import Sequence
from dataclasses import dataclass

from loader.errors import DataRefusedError
from loader.loading import Outcome
from loader.problems import RefusedRowsError


@dataclass(frozen=True)
class ProblemResult:
    """One refused row; `column`, `expected` and `cell` as in `loader.records.Problem`."""

    line: int
    byte_offset: int
    column: str | None
    reason: str
    expected: str | None
    cell: str | None


@dataclass(frozen=True)
class FileResult:
    """One file: its status is loaded, already_loaded, loadable (after a check) or refused."""

    file: str
    status: str
    export: str | None = None
    account: str | None = None
    load_id: int | None = None
    rows_read: int | None = None
    rows_loaded: int | None = None
    rows_rejected: int | None = None
    rows_blank: int | None = None
    replaced: tuple[int, ...] = ()
    replaced_by: int | None = None
    added_columns: tuple[str, ...] = ()
    error: str | None = None
    problems: tuple[ProblemResult, ...] = ()


def of_outcome(outcome: Outcome) -> FileResult:
    """Return the result of a file that was not refused."""
    return FileResult(
        file=outcome.place,
        status=outcome.status,
        export=outcome.export,
        account=outcome.account_key,
        load_id=outcome.load_id,
        rows_read=outcome.counts.read,
        rows_loaded=outcome.counts.loaded,
        rows_rejected=outcome.counts.rejected,
        rows_blank=outcome.counts.blank,
        replaced=outcome.replaced,
        replaced_by=outcome.replaced_by,
        added_columns=outcome.added_columns,
    )


def of_refusal(place: str, error: DataRefusedError) -> FileResult:
    """Return the result of a file that was refused."""
    if not isinstance(error, RefusedRowsError):
        return FileResult(file=place, status="refused", error=str(error))
    problems = tuple(
        ProblemResult(
            problem.line_number,
            problem.byte_offset,
            problem.column,
            problem.reason,
            problem.expected,
            problem.cell,
        )
        for problem in error.problems
    )
    return FileResult(
        file=place,
        status="refused",
        rows_rejected=error.total,
        error=str(error),
        problems=problems,
    )


def line_of(result: FileResult) -> str:
    """Return the line that says what became of a file."""
    parts = [_words(result.status), result.file]
    if result.export is not None:
        parts.append(result.export)
    if result.load_id is not None:
        parts.append(f"load {result.load_id}")
    if result.rows_loaded is not None:
        parts.append(_rows(result.rows_loaded))
    if result.rows_rejected:
        parts.append(f"{result.rows_rejected:,} rejected")
    if result.rows_blank:
        parts.append(f"{result.rows_blank:,} blank")
    if result.rows_read == 0:
        parts.append("only a header")
    parts += _remarks(result)
    return "  ".join(parts)


def _remarks(result: FileResult) -> list[str]:
    remarks = []
    if result.replaced:
        remarks.append(f"replaces load {', '.join(map(str, result.replaced))}")
    if result.replaced_by is not None:
        remarks.append(f"replaced since by load {result.replaced_by}")
    if result.added_columns:
        remarks.append(f"new columns {', '.join(result.added_columns)}")
    if result.rows_rejected and result.status == "loaded":
        remarks.append(f"see: loader rejects {result.load_id}")
    return remarks


def summary_of(results: Sequence[FileResult]) -> str:
    """Return the line that counts what became of several files."""
    counts = count_by_status(results)
    parts = [f"{count:,} {_words(status)}" for status, count in counts.items()]
    rows = sum(result.rows_loaded or 0 for result in results if result.status != "already_loaded")
    return f"{len(results):,} files: {', '.join(parts)}; {_rows(rows)}"


def count_by_status(results: Sequence[FileResult]) -> dict[str, int]:
    """Return how many files have each status that occurs."""
    statuses = [result.status for result in results]
    return {status: statuses.count(status) for status in dict.fromkeys(sorted(statuses))}


def _words(status: str) -> str:
    return status.replace("_", " ")


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"
