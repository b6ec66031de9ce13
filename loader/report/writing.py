"""`loader report`: what usage cost, as one HTML file that opens from disk without a network."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from psycopg import Connection

from loader.output_files import replaced
from loader.report.cost_table import totals
from loader.report.data import read_report_data
from loader.report.page import page_html
from loader.report.trust import NO_PAGE, LastPage
from loader.report.view import page_view

_KNEW = re.compile(r'<meta name="usage-costs-loads" content="(\d{1,18}) (\d{1,18})">')
_HEAD = 4096


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

    The page it replaces says which loads it knew; restatements since are told as news. The same
    data in the same place give the same bytes. The connection must not be inside a transaction.
    Raises `UsageError` when a mart is missing or `out` cannot be written, `DatabaseError` when
    reading fails.
    """
    data = read_report_data(connection, _last_page(out))
    page = page_view(data)
    content = page_html(page).encode()
    with replaced(out, "the report") as stream:
        stream.write(content)
    return ReportSummary(
        path=out,
        bytes=len(content),
        months=page.months,
        totals=totals((cost.currency, cost.effective_cost) for cost in data.costs),
    )


def _last_page(out: Path) -> LastPage:
    """Return what the page in this place knew; a file that is no page, or none, knew nothing."""
    if not out.is_file():
        return NO_PAGE
    try:
        with out.open(encoding="utf-8", errors="replace") as page:
            found = _KNEW.search(page.read(_HEAD))
    except OSError:
        return NO_PAGE
    return LastPage(int(found[1]), int(found[2])) if found else NO_PAGE
