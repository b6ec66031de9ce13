"""What builds took, as lines of Markdown that are readable on a terminal as well."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from table import aligned

MARKERS = "<!-- builds: start -->", "<!-- builds: end -->"
BY_HAND = "by hand, in SQL"
PANDAS = "by hand, in pandas"


@dataclass(frozen=True)
class Scope:
    """What is built, as dbt's arguments say it, and what its builds are called in the tables."""

    name: str
    arguments: tuple[str, ...]

    @property
    def full(self) -> str:
        """The build of the month."""
        return f"full build, {self.name}"

    @property
    def day(self) -> str:
        """The build after a day more was loaded."""
        return f"build after a day more, {self.name}"

    @property
    def nothing_new(self) -> str:
        """The build after the full one, of the same loads."""
        return f"build with nothing new, {self.name}"

    @property
    def empty(self) -> str:
        """The full build of a database without a row."""
        return f"full build without a row, {self.name}"

    @property
    def empty_again(self) -> str:
        """The build after that."""
        return f"build without a row, {self.name}"

    @property
    def own(self) -> dict[str, str]:
        """What dbt itself needs, by each build that has work to do."""
        return {
            self.full: self.empty,
            self.day: self.empty_again,
            self.nothing_new: self.empty_again,
        }

    def ways(self) -> Iterator[str]:
        """All builds, in the order of the tables."""
        yield from (*self.own, self.empty, self.empty_again)


PROJECT = Scope("all marts", ())
# What the SQL by hand does, with all it needs and the tests that ask nothing else.
STEPS = Scope(
    "the same steps",
    ("--select", "+fct_allocated_costs_daily", "--indirect-selection", "cautious"),
)
SCOPES = (STEPS, PROJECT)
_ORDER = (BY_HAND, PANDAS, *(way for scope in SCOPES for way in scope.ways()))
_OWN = {way: own for scope in SCOPES for way, own in scope.own.items()}
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
    compared = [
        pair
        for scope in SCOPES
        for pair in (
            (scope.full, BY_HAND, "4"),
            (scope.day, scope.full, "0.2"),
            (scope.nothing_new, scope.full, ""),
        )
    ]
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
        for way in (PROJECT.full, PROJECT.day)
    )
    largest = sorted(full, key=lambda node: full[node], reverse=True)[:_LARGEST]
    return [
        ["largest models and tests", "full build, s", "build after a day more, s"],
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
