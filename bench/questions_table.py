"""What the questions took, as lines of Markdown that are readable on a terminal as well."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from table import aligned

if TYPE_CHECKING:
    from questions import Question

MARTS = "marts"
_FILE_WAYS = ("DuckDB", "pandas")
_WANTED_P95 = 0.050


def markers(rows: int) -> tuple[str, str]:
    """Return where the table of so many rows stands in the page."""
    return f"<!-- questions {rows}: start -->", f"<!-- questions {rows}: end -->"


def lines(rows: int, questions: list[Question]) -> list[str]:
    """Return the table, the figures over all questions, and what was not measured."""
    measured = {way for question in questions for way in question.seconds}
    return [
        *aligned(_rows(rows, questions)),
        "",
        *_overall(questions),
        *(f"Not measured: {way} is not installed." for way in _FILE_WAYS if way not in measured),
    ]


def _rows(rows: int, questions: list[Question]) -> list[list[str]]:
    head = [
        f"{rows:,} usage rows",
        "rows",
        "median ms",
        "p95 ms",
        "DuckDB ms",
        "x",
        "pandas ms",
        "x",
    ]
    return [head, *(_row(question) for question in questions)]


def _row(question: Question) -> list[str]:
    taken = question.seconds[MARTS]
    median = statistics.median(taken)
    cells = [question.title, f"{question.rows:,}", f"{median * 1e3:.2f}", f"{p95(taken) * 1e3:.2f}"]
    for way in _FILE_WAYS:
        seconds = question.seconds.get(way)
        if seconds:
            other = statistics.median(seconds)
            cells += [f"{other * 1e3:,.0f}", f"{other / median:,.0f}"]
        else:
            cells += ["", ""]
    return cells


def _overall(questions: list[Question]) -> list[str]:
    every = [taken for question in questions for taken in question.seconds[MARTS]]
    of_marts = (
        f"All {len(every):,} answers of the marts: median {statistics.median(every) * 1e3:.2f} ms,"
        f" 95th percentile {p95(every) * 1e3:.2f} ms (wanted: {_WANTED_P95 * 1e3:.0f});"
        f" slowest question, 95th percentile {_slowest(questions) * 1e3:.2f} ms."
    )
    said = [of_marts]
    for way in _FILE_WAYS:
        ratios = [
            statistics.median(question.seconds[way]) / statistics.median(question.seconds[MARTS])
            for question in questions
            if way in question.seconds
        ]
        if ratios:
            said.append(
                f"{way} on the CSV file takes {min(ratios):,.0f} to {max(ratios):,.0f} times as"
                f" long, in the median {statistics.median(ratios):,.0f}."
            )
    return said


def _slowest(questions: list[Question]) -> float:
    return max(p95(question.seconds[MARTS]) for question in questions)


def p95(seconds: list[float]) -> float:
    """Return the 95th percentile by nearest rank: always something that was measured."""
    ordered = sorted(seconds)
    return ordered[-(-95 * len(ordered) // 100) - 1]
