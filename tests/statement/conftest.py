"""What the tests of closing share: hand-made marts, and the command line run in this process."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest
from hand_made_marts import MARTS, PROJECT, Marts

from loader import cli, raw_tables
from loader.exports import read_exports

Connect = Callable[[], psycopg.Connection]


@pytest.fixture
def connect(
    database: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], psycopg.Connection]]:
    assert database
    monkeypatch.setenv("LOADER_AS_OF", "2026-12-09T06:00:00Z")
    monkeypatch.delenv("DBT_SCHEMA", raising=False)
    with ExitStack() as stack:
        yield lambda: stack.enter_context(psycopg.connect("", autocommit=True))


@pytest.fixture
def marts(connect: Connect) -> Marts:
    connection = connect()
    raw_tables.prepare(connection, read_exports(PROJECT))
    connection.execute(MARTS)
    return Marts(connection)


@pytest.fixture
def october(marts: Marts) -> Marts:
    """October with two teams, complete, and built."""
    marts.add_line("2026-10-01", "search", "2.500000000000", "2.50")
    marts.add_line("2026-10-01", "risk", "1.005", "1.01")
    marts.see("2026-10-31", "present")
    marts.build()
    return marts


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Return what runs a command line and gives exit code, standard output and error."""

    def run_main(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["loader", "--project-dir", str(PROJECT.root), *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        captured = capsys.readouterr()
        return int(end.value.code or 0), captured.out, captured.err

    return run_main
