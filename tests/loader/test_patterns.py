"""Regular expressions that every Python we promise matches alike."""

import re
from pathlib import Path

import pytest

from tests.reading import ROOT

_POSSESSIVE_GROUP = re.compile(r"\)(?:[*+?]|\{[0-9,]+\})\+")


@pytest.mark.parametrize("module", sorted((ROOT / "loader").rglob("*.py")), ids=lambda it: it.name)
def test_no_group_is_repeated_possessively(module: Path) -> None:
    """CPython before 3.11.5 matches `(…)*+` wrongly (gh-106052): `(?>(…)*)` says the same."""
    found = _POSSESSIVE_GROUP.findall(module.read_text(encoding="utf-8"))

    assert not found
