"""The checklist of docs/adding-a-source.md, executed for every declared source."""

import re
from pathlib import Path

import pytest
import sample_totals

from loader.exports import read_exports
from loader.project import Project

ROOT = Path(__file__).parents[2]
CHECKLIST = [
    line
    for line in (ROOT / "docs" / "adding-a-source.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("- [ ]")
]
SOURCES = sorted({export.name.partition(".")[0] for export in read_exports(Project(ROOT))})


def missing(item: str, source: str) -> str | None:
    """Return what an item of the checklist misses for a source, or None."""
    match = re.fullmatch(r"- \[ \] `(.+?)` (?:is there|holds `(.+)`)", item)
    assert match, f"not a checklist item: {item}"
    pattern, text = (part and part.replace("{source}", source) for part in match.groups())
    folder = sample_totals.SEEDS.parent if pattern.startswith("seeds/") else ROOT
    if pattern.startswith("seeds/"):
        pattern = f"{sample_totals.SEEDS.name}/{pattern.removeprefix('seeds/')}"
    files = sorted(folder.glob(pattern))
    if not files:
        return f"{pattern} is missing"
    if text and not all(text in file.read_text(encoding="utf-8") for file in files):
        return f"{pattern} does not hold {text}"
    return None


@pytest.mark.parametrize("source", SOURCES)
def test_a_declared_source_is_complete(source: str) -> None:
    assert [found for item in CHECKLIST if (found := missing(item, source))] == []


def test_a_source_nobody_built_misses_everything() -> None:
    assert all(missing(item, "nobody") for item in CHECKLIST)
    assert len(CHECKLIST) >= 10
    assert len(SOURCES) >= 5
