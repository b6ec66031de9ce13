"""The progress bar on standard error, shown on a terminal only."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from loader.inputs import Input

Report = Callable[[int, int], None]
# To the beginning of the line, and what stands on it away.
_CLEAR_LINE = "\r\x1b[2K"


class Bar(NamedTuple):
    """A bar over files: `begin` gives a file's report, `clear` makes room for a line of text."""

    begin: Callable[[Input], Report | None]
    clear: Callable[[], None]


@contextmanager
def progress_bar(files: Sequence[Input], *, quiet: bool = False) -> Iterator[Bar]:
    """Show one bar over the bytes of all files.

    A report takes the bytes and the rows of the file done so far.
    """
    if quiet or not sys.stderr.isatty():
        yield Bar(lambda _file: None, lambda: None)
        return
    # Where nobody looks, a tenth of a second of every start would be spent on importing it.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
    )
    # What is told goes where it belongs, with `clear` before it, and not through the bar.
    with Progress(
        *columns,
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as bar:
        sizes = [file.size for file in files]
        total = None if None in sizes else sum(size or 0 for size in sizes)
        task = bar.add_task("", total=total, speed="")
        done_bytes = done_rows = last_bytes = last_rows = 0

        def begin(file: Input) -> Report:
            nonlocal done_bytes, done_rows, last_bytes, last_rows
            done_bytes, done_rows = done_bytes + last_bytes, done_rows + last_rows
            last_bytes = last_rows = 0
            bar.update(task, description=file.name)

            def report(read: int, rows: int) -> None:
                nonlocal last_bytes, last_rows
                last_bytes, last_rows = read, rows
                elapsed = bar.tasks[0].elapsed or 1.0
                speed = f"{(done_rows + rows) / elapsed:,.0f} rows/s"
                bar.update(task, completed=done_bytes + read, speed=speed)

            return report

        def clear() -> None:
            sys.stderr.write(_CLEAR_LINE)
            sys.stderr.flush()

        yield Bar(begin, clear)


@contextmanager
def node_progress(*, quiet: bool = False) -> Iterator[Callable[[int, int, str], None] | None]:
    """Show a bar over dbt's nodes with the name of the latest; it moves from dbt's own threads."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.table import Column  # noqa: PLC0415

    one_line = Column(no_wrap=True, overflow="ellipsis")
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False, table_column=one_line),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("dbt starts", total=None)

        def show(number: int, total: int, description: str) -> None:
            name = description.rsplit(maxsplit=1)[-1] if description else ""
            bar.update(task, completed=number, total=total, description=name)

        yield show


@contextmanager
def row_progress(total: int, *, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """Show one bar over rows to write; yield what is told how many were written so far."""
    if quiet or not sys.stderr.isatty():
        yield lambda _rows: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("rows", total=total)
        yield lambda rows: bar.update(task, completed=rows)
