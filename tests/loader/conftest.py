"""What the loader's tests share: this project's exports, and connections to a fresh database."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from loader import cli
from loader.exports import Export, read_exports
from loader.inputs import Input, expand
from loader.project import Project
from loader.raw_tables import prepare

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def project() -> Project:
    return Project(ROOT)


@pytest.fixture(scope="session")
def exports(project: Project) -> tuple[Export, ...]:
    return read_exports(project)


@pytest.fixture
def connect(database: object) -> Iterator[Callable[[], psycopg.Connection]]:
    assert database is not None
    with ExitStack() as stack:
        yield lambda: stack.enter_context(psycopg.connect("", autocommit=True))


@pytest.fixture
def connection(
    connect: Callable[[], psycopg.Connection], exports: tuple[Export, ...]
) -> psycopg.Connection:
    opened = connect()
    prepare(opened, exports)
    return opened


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Input]:
    def write(content: str | bytes, name: str = "x.csv") -> Input:
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(data)
        return expand([str(tmp_path / name)])[0]

    return write


@pytest.fixture
def run(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Return what runs a command line and gives exit code, standard output and error."""

    def run_main(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["loader", "--project-dir", str(project.root), *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        captured = capsys.readouterr()
        return int(end.value.code or 0), captured.out, captured.err

    return run_main
