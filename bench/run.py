r"""Times `loader load` beside `psql \copy` and others on the same generated files, in one run.

    make bench
    python bench/run.py --rows 1000000 --runs 5 --large --write

The ways take turns, each run on a database made anew, and every run's rows are counted. How the
figures come about is in docs/benchmarks.md, into which --write puts them.
"""

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import table
from databases import Databases, databases
from options import options_parser
from ways import (
    DATABRICKS,
    EXPORTS,
    HERE,
    HOURS,
    LOADER,
    SLOW_WAYS,
    Export,
    command,
    ways_for,
    why_skipped,
)

PAGE = HERE.parent / "docs" / "benchmarks.md"
_ROWS_OF_100_MB = 235_000
_MB = 1_000_000


@dataclass(frozen=True)
class Options:
    """How much is measured."""

    rows: int
    runs: int
    slow_runs: int
    files: int
    is_large: bool
    is_written: bool


def main() -> None:
    """Measure what the arguments ask for, print the tables, and write them if asked to."""
    options = _options()
    # An installation leaves Python's bytecode on disk; the load that prepares the tables does here.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for way in SLOW_WAYS:
        if (reason := why_skipped(way)) is not None:
            print(f"{way} is skipped: {reason}", file=sys.stderr)
    timings = [measure(export, options.rows, options) for export in EXPORTS]
    if options.files:
        timings.append(measure(HOURS, options.files, options))
    peaks = [peak(_ROWS_OF_100_MB)]
    if options.is_large:
        peaks.append(peak(10 * _ROWS_OF_100_MB))
    measured = table.lines(timings, peaks)
    print("\n".join(measured))
    if options.is_written:
        table.write(PAGE, measured)


def measure(export: Export, items: int, options: Options) -> table.Timing:
    """Load the same rows, or small files, in every way in turn."""
    with tempfile.TemporaryDirectory() as folder, databases(export) as made:
        file = Path(folder) / export.file_name
        export.write(file, items)
        size = _size_of(file) / _MB
        noun = "files" if export.is_many else "rows"
        timing = table.Timing(
            export.title.format(size=f"{items:,} {noun}, {size:,.0f} MB"), items, noun
        )
        for run in range(options.runs):
            for way in ways_for(export):
                if way in SLOW_WAYS and run >= options.slow_runs:
                    continue
                seconds = _load(made, way, export, file, items)
                timing.seconds.setdefault(way, []).append(seconds)
                print(f"{way:<32} {seconds:8.2f} s", file=sys.stderr)
    return timing


def _load(made: Databases, way: str, export: Export, file: Path, items: int) -> float:
    """Load a file into a database made anew; return the seconds, once its rows are counted."""
    environment = made.fresh()
    before = made.rows(export.table(way))
    seconds = made.timed(command(way, export, file, environment))
    loaded = made.rows(export.table(way)) - before
    if loaded != items * export.rows_of_each:
        message = f"{way} loaded {loaded:,} rows of {items * export.rows_of_each:,}"
        raise SystemExit(message)
    return seconds


def peak(rows: int) -> table.Peak:
    """Load a Databricks file of so many rows; return the memory that took."""
    with tempfile.TemporaryDirectory() as folder, databases(DATABRICKS) as made:
        file = Path(folder) / DATABRICKS.file_name
        DATABRICKS.write(file, rows)
        environment = made.fresh()
        memory = made.peak(command(LOADER, DATABRICKS, file, environment))
        return table.Peak(file.stat().st_size, memory)


def _size_of(file: Path) -> int:
    files = file.rglob("*.csv") if file.is_dir() else [file]
    return sum(one.stat().st_size for one in files)


def _options() -> Options:
    parser = options_parser(
        __doc__, rows=(200_000, "rows of each large file"), runs=(3, "runs of each way")
    )
    parser.add_argument("--slow-runs", type=int, default=1, help="runs of pgloader and pandas")
    parser.add_argument("--files", type=int, default=2000, help="small files; 0 for none")
    parser.add_argument("--large", action="store_true", help="memory on a file of 1 GB as well")
    given = parser.parse_args()
    return Options(given.rows, given.runs, given.slow_runs, given.files, given.large, given.write)


if __name__ == "__main__":
    main()
