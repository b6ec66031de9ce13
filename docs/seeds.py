"""Writes docs/seeds.md: what people decide, column by column, from the seeds' own documentation.

python docs/seeds.py            # writes the page
python docs/seeds.py --check    # exit code 1 if the committed page is not what it would write
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

_DOCS = Path(__file__).resolve().parent
_DECLARED = _DOCS.parent / "models" / "reference"
_PAGE = _DOCS / "seeds.md"
_HEAD = (_DOCS / "seeds_head.md").read_text(encoding="utf-8")


def page() -> str:
    """Return the page: the examples, then a table for each seed."""
    seeds = [
        seed
        for path in sorted(_DECLARED.glob("*__seeds.yml"))
        for seed in yaml.safe_load(path.read_text(encoding="utf-8"))["seeds"]
    ]
    return _HEAD + "".join(
        line for seed in sorted(seeds, key=lambda seed: seed["name"]) for line in _section(seed)
    )


def _section(seed: dict[str, Any]) -> Iterator[str]:
    yield f"\n## `{seed['name']}`\n\n{_one_line(seed['description'])}\n\n"
    yield "| column | type | meaning |\n|---|---|---|\n"
    types = seed["config"]["column_types"]
    for column in seed["columns"]:
        allowed = _allowed(column.get("data_tests", []))
        values = f" One of {', '.join(f'`{value}`' for value in allowed)}." if allowed else ""
        needed = " Required." if "not_null" in column.get("data_tests", []) else ""
        meaning = _one_line(column["description"]) + values + needed
        yield f"| `{column['name']}` | {types[column['name']]} | {meaning} |\n"


def _allowed(tests: list[Any]) -> list[str]:
    for test in tests:
        if isinstance(test, dict) and "accepted_values" in test:
            return [str(value) for value in test["accepted_values"]["arguments"]["values"]]
    return []


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        sys.exit(_PAGE.read_text(encoding="utf-8") != page())
    _PAGE.write_text(page(), encoding="utf-8")
