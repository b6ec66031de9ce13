"""What was measured, as lines of Markdown that are readable on a terminal as well."""

import os
import platform
import statistics
from dataclasses import dataclass, field
from pathlib import Path

from databases import configured, connect
from ways import COPY_TEXT, COPY_TYPED, SLOW_WAYS, why_skipped

START, END = "<!-- measured: start -->", "<!-- measured: end -->"
_GIB, _MB = 1 << 30, 1_000_000


@dataclass
class Timing:
    """The seconds of every run of every way to load one file, or one folder of files."""

    title: str
    items: int
    item: str
    seconds: dict[str, list[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Peak:
    """The most memory of one load of a file; both in bytes."""

    file_size: int
    memory: int


def lines(timings: list[Timing], peaks: list[Peak]) -> list[str]:
    """Return the whole of what was measured, machine first."""
    parts = [machine(), ""]
    for timing in timings:
        parts += [*aligned(_timing_rows(timing)), ""]
    if peaks:
        parts += [*aligned(_peak_rows(peaks)), ""]
    return [
        *parts,
        *(f"Not measured: {reason}." for reason in map(why_skipped, SLOW_WAYS) if reason),
    ]


def machine() -> str:
    """Describe the machine and the server in one line."""
    environment = configured()
    with connect(environment) as server:
        version = (server.info.parameter_status("server_version") or "").partition(" ")[0]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / _GIB
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB; PostgreSQL {version}"
        f" at {environment['PGHOST']}; Python {platform.python_version()}."
    )


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _timing_rows(timing: Timing) -> list[list[str]]:
    medians = {way: statistics.median(seconds) for way, seconds in timing.seconds.items()}
    rows = [
        [timing.title, "runs", "median s", "min-max s", f"{timing.item}/s", "x text", "x typed"]
    ]
    for way, seconds in timing.seconds.items():
        rows.append(
            [
                f"`{way}`"
                if "," not in way
                else f"`{way.partition(',')[0]}`,{way.partition(',')[2]}",
                str(len(seconds)),
                f"{medians[way]:.2f}",
                f"{min(seconds):.2f}-{max(seconds):.2f}",
                f"{timing.items / medians[way]:,.0f}",
                f"{medians[way] / medians[COPY_TEXT]:.2f}",
                f"{medians[way] / medians[COPY_TYPED]:.2f}",
            ]
        )
    return rows


def _peak_rows(peaks: list[Peak]) -> list[list[str]]:
    return [
        ["peak memory of `loader load`", "MB"],
        *(
            [f"Databricks file of {peak.file_size / _MB:,.0f} MB", f"{peak.memory / _MB:,.0f}"]
            for peak in peaks
        ),
    ]


def aligned(rows: list[list[str]]) -> list[str]:
    """Return a Markdown table, the first column to the left and figures to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    cells = [
        [
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
        ]
        for row in rows
    ]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return [f"| {' | '.join(row)} |" for row in (cells[0], rule, *cells[1:])]


def write(page: Path, measured: list[str], markers: tuple[str, str] = (START, END)) -> None:
    """Put what was measured between two markers of a page."""
    opening, closing = markers
    before, start, rest = page.read_text(encoding="utf-8").partition(opening)
    _, end, after = rest.partition(closing)
    if not start or not end:
        message = f"{page}: holds no {opening} and {closing}"
        raise SystemExit(message)
    text = "\n".join(measured).strip()
    page.write_text(f"{before}{opening}\n\n{text}\n\n{closing}{after}", encoding="utf-8")
