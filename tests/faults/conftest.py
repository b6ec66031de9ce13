"""The faults' servers, and their last lines."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from audit import TALLY
from databases import connect_to
from harness import ASKED, Size, Undisturbed, measure
from mortal import MortalServer

from loader.project import Project


@pytest.fixture(scope="session")
def undisturbed(
    server: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Size], Undisturbed]:
    """Return what a load of a size takes when nothing happens, measured when first asked."""
    known: dict[Size, Undisturbed] = {}

    def of(size: Size) -> Undisturbed:
        if size not in known:
            name = f"loader_faults_{secrets.token_hex(6)}"
            with connect_to(server) as connection:
                connection.execute(f"create database {name} template template0")
                try:
                    folder = tmp_path_factory.mktemp("undisturbed")
                    known[size] = measure(server | {"PGDATABASE": name}, folder, size)
                finally:
                    connection.execute(f"drop database {name} with (force)")
        return known[size]

    return of


@pytest.fixture(scope="module")
def mortal_server(
    temporary_project: Callable[[], AbstractContextManager[Project]],
) -> Iterator[MortalServer]:
    with temporary_project() as project:
        yield MortalServer(project)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was broken and what was found, just above pytest's own counts."""
    if TALLY.faults:
        for line in TALLY.lines(ASKED):
            terminalreporter.write_line(line)
