"""One database in which all cases were delivered, built, and compared."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from delivering import SUMMARY, Delivered, Delivery, deliver_all, delivery_to

from loader.connection import OWN_SERVER_VARIABLES
from loader.project import Project

ROOT = Path(__file__).parents[2]


@contextmanager
def _deliveries_to(environment: dict[str, str], folder: Path) -> Iterator[Delivery]:
    with pytest.MonkeyPatch.context() as patch:
        for name in OWN_SERVER_VARIABLES:
            patch.delenv(name, raising=False)
        for name, value in environment.items():
            patch.setenv(name, value)
        with psycopg.connect("", autocommit=True) as connection:
            yield delivery_to(connection, Project(ROOT), folder)


@pytest.fixture(scope="module")
def delivery(
    own_database: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Delivery]:
    """Return what loads and builds on an empty database of the module's own."""
    with _deliveries_to(own_database, tmp_path_factory.mktemp("usage")) as opened:
        yield opened


@pytest.fixture(scope="module")
def delivered(delivery: Delivery) -> Delivered:
    """Return what came of all cases."""
    return deliver_all(delivery)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many cases there were and where the time went, just above pytest's own counts."""
    for line in SUMMARY:
        terminalreporter.write_line(line)
