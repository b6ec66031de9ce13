"""A PostgreSQL for every test that asks: the one the environment names, or one of its own."""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from databases import connect_to
from hypothesis import HealthCheck, settings
from psycopg import sql

from loader.connection import OWN_SERVER_VARIABLES, dbt_environment
from loader.embedded import EmbeddedServer
from loader.project import Project

ROOT = Path(__file__).parents[1]
DBT_SUMMARY: list[str] = []

# What an example takes says nothing on a machine that has other work.
settings.register_profile(
    "usage_costs", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("usage_costs")


@pytest.fixture(scope="session", name="temporary_project")
def _temporary_project() -> Callable[[], AbstractContextManager[Project]]:
    """Return `with temporary_project() as project`, for tests that want a server of their own."""
    return temporary_project


@contextmanager
def temporary_project() -> Iterator[Project]:
    """Yield an empty project; stop its server and remove every trace of it afterwards.

    Not below pytest's own folder, which is closed to the account root's server runs under.
    """
    root = Path(tempfile.mkdtemp(prefix="loader-test-")).resolve()
    root.chmod(0o755)
    (root / "dbt_project.yml").touch()
    try:
        yield Project(root)
    finally:
        remove_project(Project(root))


def remove_project(project: Project) -> None:
    EmbeddedServer(project.server_home).remove()
    shutil.rmtree(project.root)


@pytest.fixture(scope="session")
def server() -> Iterator[dict[str, str]]:
    """PG* variables of a database that is there for the whole session; never skips."""
    with temporary_project() as project:
        environment = dbt_environment(project)
        if not any(os.environ.get(name, "").strip() for name in OWN_SERVER_VARIABLES):
            yield environment
            return
        with _throw_away_database(environment) as own:
            yield own


@pytest.fixture
def database(server: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """PG* variables, set for the test, of an empty database that is dropped afterwards."""
    with _throw_away_database(server) as environment:
        for name in OWN_SERVER_VARIABLES:
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield environment


@contextmanager
def _throw_away_database(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    name = f"loader_test_{secrets.token_hex(6)}"
    _execute(environment, "create database {} template template0", name)
    try:
        yield environment | {"PGDATABASE": name}
    finally:
        _execute(environment, "drop database {} with (force)", name)


def _execute(environment: dict[str, str], statement: str, name: str) -> None:
    with connect_to(environment) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def built_environment(server: dict[str, str]) -> Iterator[dict[str, str]]:
    """PG* variables of a database with the samples loaded and built, all of dbt's tests passed."""
    with _throw_away_database(server) as environment, _dbt_folders() as folders:
        # Lateness is looked at from one instant, so that building again changes nothing.
        folders["LOADER_AS_OF"] = "2026-11-03T06:00:00Z"
        demo = subprocess.run(
            [sys.executable, "-m", "loader", "demo", "--out", f"{folders['DBT_LOG_PATH']}.html"],
            cwd=ROOT,
            env=_without_own_server() | environment | folders,
            capture_output=True,
            text=True,
            check=False,
        )
        assert demo.returncode == 0, demo.stdout + demo.stderr
        DBT_SUMMARY.extend(line for line in demo.stdout.splitlines() if line.startswith("marts "))
        yield environment | folders


@pytest.fixture
def built(built_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """PG* variables, set for the test, of the sample month's marts; shared, so only to be read."""
    for name in OWN_SERVER_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in built_environment.items():
        monkeypatch.setenv(name, value)
    return built_environment


@pytest.fixture(scope="module")
def own_database(server: dict[str, str]) -> Iterator[dict[str, str]]:
    """Return the variables, not set, of an empty database that a module's tests may spoil."""
    with _throw_away_database(server) as environment, _dbt_folders() as folders:
        yield _without_own_server() | environment | folders


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what dbt built and tested, just above pytest's own counts."""
    for line in DBT_SUMMARY:
        terminalreporter.write_line(f"dbt build: {line.removeprefix('marts').strip()}")


def _without_own_server() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in OWN_SERVER_VARIABLES}


@contextmanager
def _dbt_folders() -> Iterator[dict[str, str]]:
    """Let dbt write to a folder of the test's, not into the project's target and logs."""
    with tempfile.TemporaryDirectory(prefix="loader-test-dbt-") as folder:
        yield {"DBT_TARGET_PATH": f"{folder}/target", "DBT_LOG_PATH": f"{folder}/logs"}
