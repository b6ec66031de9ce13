"""`loader report`: what usage cost, as one HTML file that opens from disk without a network."""

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from psycopg import Connection

from loader.errors import UsageError
from loader.report.cost_table import totals
from loader.report.data import read_report_data
from loader.report.page import page_html
from loader.report.view import page_view


@dataclass(frozen=True)
class ReportSummary:
    """What was written: the file, its size, its months and its exact totals.

    `months` are first days, newest first; `totals` is the effective cost of all of them, for each
    currency.
    """

    path: Path
    bytes: int
    months: tuple[date, ...]
    totals: Mapping[str, Decimal]


def write_report(connection: Connection[Any], out: Path) -> ReportSummary:
    """Write the page about everything in the marts to `out`, all of it or nothing.

    The same data gives the same bytes. The connection must not be inside a transaction. Raises
    `UsageError` when a mart is missing or `out` cannot be written, `DatabaseError` when reading
    fails.
    """
    data = read_report_data(connection)
    page = page_view(data)
    content = page_html(page).encode()
    _replace(out, content)
    return ReportSummary(
        path=out,
        bytes=len(content),
        months=tuple(view.month for view in page.months),
        totals=totals((cost.currency, cost.effective_cost) for cost in data.costs),
    )


def _replace(out: Path, content: bytes) -> None:
    """Put the content at `out` in one step, so that nobody ever opens half a page."""
    if out.exists() and not out.is_file():
        message = f"{out}: the report cannot be written: it is not a regular file"
        raise UsageError(message, "name a file to write")
    try:
        handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.", suffix=".tmp")
    except OSError as error:
        raise _unwritable(out, error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            os.fchmod(handle, 0o666 & ~_umask())
        Path(name).replace(out)
    except OSError as error:
        with suppress(OSError):
            Path(name).unlink()
        raise _unwritable(out, error) from error


def _unwritable(out: Path, error: OSError) -> UsageError:
    message = f"{out}: the report cannot be written: {error.strerror}"
    return UsageError(message, "name a file in a folder that exists and is yours to write to")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
