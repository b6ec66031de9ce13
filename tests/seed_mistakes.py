"""Copies of the seeds with mistakes planted in them, and what a build says about them."""

import csv
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sample_totals

ROOT = Path(__file__).parents[1]
SEEDS_AND_THEIR_TESTS = (
    *("resource_type:seed", "resource_type:test"),
    *("--indirect-selection", "cautious", "--exclude", "resource_type:model"),
)


def copy_seeds(folder: Path) -> Path:
    """Copy the demo's seeds into the folder; return it."""
    for path in sample_totals.SEEDS.glob("*.csv"):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def first_row(seed: str) -> dict[str, str]:
    return next(iter(sample_totals.seed(seed)), {})


def add_row(folder: Path, seed: str, cells: dict[str, str], *, like: int | None = 0) -> int:
    """Append a copy of row `like`, or an empty one, with some cells changed; return its line."""
    path = folder / f"{seed}.csv"
    with path.open(newline="", encoding="utf-8") as lines:
        reader = csv.DictReader(lines)
        header, rows = list(reader.fieldnames or ()), list(reader)
    assert cells.keys() <= set(header), (seed, cells)
    start = {} if like is None else rows[like]
    line = len(path.read_bytes().splitlines()) + 1
    with path.open("a", newline="", encoding="utf-8") as lines:
        csv.DictWriter(lines, header, restval="", lineterminator="\n").writerow(start | cells)
    return line


def build_seeds(
    folder: Path, environment: dict[str, str], select: Iterable[str] = SEEDS_AND_THEIR_TESTS
) -> dict[str, Any]:
    """Build with the seeds of the folder, which must fail; return what the build says as JSON."""
    return build_json(folder, environment, "--select", *select, code=1)


def build_json(
    folder: Path, environment: dict[str, str], *arguments: str, code: int
) -> dict[str, Any]:
    """Build with the seeds of the folder, which must end with the code; return its JSON."""
    result = subprocess.run(
        [
            *(sys.executable, "-m", "loader", "build", "--json", "--seeds", str(folder)),
            *arguments,
        ],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == code, result.stdout + result.stderr
    built: dict[str, Any] = json.loads(result.stdout)
    return built


def failed_tests(built: dict[str, Any]) -> set[str]:
    return {failure["name"] for failure in built["failures"]}
