"""Commands that read the marts by name refuse a developer's own copy rather than read another."""

import pytest
from typer.testing import CliRunner

from loader.cli import app

COMMANDS = [
    ["trace", "usage.csv:2"],
    ["breakdown", "--since", "2026-10-01", "--until", "2026-11-01", "--group-by", "account"],
    ["explain", "growth", "2026-10"],
    ["what-if", "--seeds", "never-read"],
    ["report", "--out", "never-written.html"],
    ["demo"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_prefix_of_ones_own_is_refused(
    command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_SCHEMA", "dev")

    result = CliRunner().invoke(app, command)

    assert result.exit_code != 0
    assert "DBT_SCHEMA is set" in f"{result.output}{result.exception}"
