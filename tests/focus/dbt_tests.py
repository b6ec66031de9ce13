"""dbt's own tests of the mart, as dbt compiled them, asked of a copy that may be spoiled."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from psycopg import Connection

NAMES = (
    "focus_cost_and_usage__periods_are_in_order",
    "focus_cost_and_usage__parts_of_a_charge_stand_once",
    "assert_focus_rows_keep_the_rules",
    "assert_focus_costs_are_the_charges",
)
_MART = re.compile(r'"[^"]+"\."marts"\."focus_cost_and_usage"')


def compiled_tests(target: Path) -> Mapping[str, str]:
    """Return the tests' SQL by name, reading the copy in the mart's place."""
    found = {path.stem: path for path in (target / "compiled").rglob("*.sql")}
    missing = [name for name in NAMES if name not in found]
    if missing:
        message = f"dbt compiled no test of this name: {', '.join(missing)}"
        raise SystemExit(message)
    tests = {}
    for name in NAMES:
        text, places = _MART.subn("pg_temp.mutated", found[name].read_text(encoding="utf-8"))
        if not places:
            message = f"{name}: does not read the mart"
            raise SystemExit(message)
        tests[name] = text
    return tests


def failing(connection: Connection[Any], tests: Mapping[str, str]) -> list[str]:
    """Return the names of the tests that find a row."""
    return [
        name
        for name, text in tests.items()
        if connection.execute(f"select exists ({text})").fetchone() == (True,)
    ]
