"""What builds took, as lines of Markdown that are readable on a terminal as well."""

import statistics
from dataclasses import dataclass

from table import aligned

MARKERS = "<!-- builds: start -->", "<!-- builds: end -->"
FULL = "full build"
EMPTY = "full build without a row"
EMPTY_AGAIN = "build without a row"
BY_HAND = "by hand, in SQL"
PANDAS = "by hand, in pandas"
DAY = "build after a day more"
NOTHING_NEW = "build with nothing new"
_ORDER = (BY_HAND, PANDAS, FULL, DAY, NOTHING_NEW, EMPTY, EMPTY_AGAIN)
# What dbt itself needs, of each build that has work to do.
_OWN = {FULL: EMPTY, DAY: EMPTY_AGAIN, NOTHING_NEW: EMPTY_AGAIN}
_LARGEST = 5
_MB = 1_000_000

Seconds = dict[str, list[float]]


@dataclass(frozen=True)
class Disk:
    """Bytes of tables and temporary files before, at most during and after; of WAL written."""

    before: int
    most: int
    after: int
    wal: int


def lines(rows: int, seconds: Seconds, nodes: dict[str, Seconds], disk: list[Disk]) -> list[str]:
    """Return the tables of what was measured: builds, ratios, slowest nodes and disk."""
    missing = [] if PANDAS in seconds else ["", "Not measured: pandas is not installed."]
    return [
        *aligned(_build_rows(rows, seconds)),
        "",
        *aligned(_ratio_rows(seconds)),
        "",
        *aligned(_node_rows(nodes)),
        "",
        *aligned(_disk_rows(disk)),
        *missing,
    ]


def _build_rows(rows: int, seconds: Seconds) -> list[list[str]]:
    table = [[f"{rows:,} rows", "runs", "median s", "min-max s", "without dbt's own s"]]
    median, work = _medians(seconds)
    for way in (way for way in _ORDER if way in seconds):
        taken = seconds[way]
        spread = f"{min(taken):.1f}-{max(taken):.1f}"
        own = f"{work[way]:.1f}" if way in _OWN else ""
        table.append([way, str(len(taken)), f"{median[way]:.1f}", spread, own])
    return table


def _ratio_rows(seconds: Seconds) -> list[list[str]]:
    median, work = _medians(seconds)
    compared = ((FULL, BY_HAND, "4"), (DAY, FULL, "0.2"), (NOTHING_NEW, FULL, ""))
    return [
        ["ratio", "whole", "without dbt's own", "wanted"],
        *(
            [
                f"{way} / {other}",
                f"{median[way] / median[other]:.2f}",
                f"{work[way] / work[other]:.2f}",
                wanted,
            ]
            for way, other, wanted in compared
        ),
    ]


def _medians(seconds: Seconds) -> tuple[dict[str, float], dict[str, float]]:
    """Return the median of each way, and what is left of it without dbt's own."""
    median = {way: statistics.median(taken) for way, taken in seconds.items()}
    return median, {way: median[way] - median.get(_OWN.get(way, ""), 0) for way in median}


def _node_rows(nodes: dict[str, Seconds]) -> list[list[str]]:
    full, day = (
        {node: statistics.median(taken) for node, taken in nodes[way].items()}
        for way in (FULL, DAY)
    )
    largest = sorted(full, key=lambda node: full[node], reverse=True)[:_LARGEST]
    return [
        ["largest models and tests", f"{FULL}, s", f"{DAY}, s"],
        *([f"`{node}`", f"{full[node]:.1f}", f"{day.get(node, 0):.1f}"] for node in largest),
    ]


def _disk_rows(disk: list[Disk]) -> list[list[str]]:
    return [
        ["disk of a full build", "MB"],
        ["raw tables, before it", f"{statistics.median(one.before for one in disk) / _MB:,.0f}"],
        ["most during it", f"{max(one.most for one in disk) / _MB:,.0f}"],
        ["after it", f"{statistics.median(one.after for one in disk) / _MB:,.0f}"],
        ["WAL written by it", f"{statistics.median(one.wal for one in disk) / _MB:,.0f}"],
    ]
