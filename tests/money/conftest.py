"""Counts of what the property tests went through, for the end of a run."""

from collections import Counter
from collections.abc import Iterator

import psycopg
import pytest
from databases import connect_to
from sizes import CASES, COUNTED, SEED


@pytest.fixture(scope="module")
def connection(server: dict[str, str]) -> Iterator[psycopg.Connection]:
    with connect_to(server) as opened:
        yield opened


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was tried, and what repeats it, just above pytest's own counts."""
    told = ", ".join(f"{count:,} {what}" for what, count in Counter(COUNTED).items())
    if told:
        terminalreporter.write_line(f"money: {told} (MONEY_SEED={SEED} MONEY_CASES={CASES})")
