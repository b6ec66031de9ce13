"""Runs the official validator's engine and focus-data-toolkit over many files, in one process.

Runs in the environment of tests/focus/requirements.lock, not in the project's. Reads from standard
input one JSON document, {"folder": ..., "runs": [{"name", "file", "gate"}]}, and writes to standard
output, for each run, {"name", "gate", "failed": [...], "passed", "skipped"}. The gates: official;
corrected, by the rules of corrections.py; toolkit.
"""

import contextlib
import io
import json
import logging
import multiprocessing
import os
import sys
from pathlib import Path

import corrections
import duckdb
import focus_data_toolkit.cli
import focus_validator
from criteria import OFFICIAL_CRITERIA
from focus_validator.config_objects.rule import ModelRule
from focus_validator.data_loaders.data_loader import DataLoader
from focus_validator.validator import DEFAULT_VERSION_SETS_PATH, Validator

VALIDATORS: dict[str, Validator] = {}


class Tables:
    """A DuckDB connection that keeps what is registered as a table.

    The engine asks some 900 small questions of a file; over a registered data frame each costs
    several times as much, and the answers are the same.
    """

    def __init__(self) -> None:
        self._connection = duckdb.connect(":memory:", config={"threads": 1})

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)

    def register(self, name: str, data: object) -> None:
        self._connection.register("registered", data)
        self._connection.execute(f"create table {name} as select * from registered")


def prepare(folder: Path) -> None:
    """Load both rule sets once; the engine opens its list of currencies in the current folder."""
    logging.disable(logging.CRITICAL)
    # The engine asks for a rule's id 300,000 times a file, by way of Pydantic's slowest lookup.
    ModelRule.rule_id = ModelRule.rule_id.getter(rule_id)
    os.chdir(Path(focus_validator.__file__).parents[1])
    official = Path(DEFAULT_VERSION_SETS_PATH)
    corrected = folder / "corrected-rules"
    corrections.correct(next(official.glob("model-1.2*.json")), corrected)
    for gate, rules, criteria in (
        ("official", official, OFFICIAL_CRITERIA),
        ("corrected", corrected, "ALL"),
    ):
        VALIDATORS[gate] = Validator(
            data_filename=None,
            output_destination=None,
            output_type="console",
            rule_set_path=str(rules),
            rules_version="1.2",
            rules_block_remote_download=True,
            focus_dataset="CostAndUsage",
            applicability_criteria=criteria,
        )
        VALIDATORS[gate].spec_rules.load()


def rule_id(rule: ModelRule) -> str | None:
    return (rule.__pydantic_private__ or {}).get("_rule_id")


def run(task: dict[str, str]) -> dict[str, object]:
    """Return what a gate says of a file."""
    judge = by_toolkit if task["gate"] == "toolkit" else by_rules
    return {"name": task["name"], "gate": task["gate"], **judge(task)}


def by_rules(task: dict[str, str]) -> dict[str, object]:
    rules = VALIDATORS[task["gate"]].spec_rules
    data = DataLoader(data_filename=task["file"], column_types=rules.get_column_types()).load()
    results = rules.validate(
        data, connection=Tables(), data_filename=task["file"], data_row_count=len(data)
    ).by_rule_id
    skipped = {rule for rule, result in results.items() if result["details"].get("skipped")}
    failed = sorted(rule for rule in results.keys() - skipped if not results[rule]["ok"])
    passed = len(results) - len(skipped) - len(failed)
    return {"failed": failed, "passed": passed, "skipped": len(skipped)}


def by_toolkit(task: dict[str, str]) -> dict[str, object]:
    out = str(Path(task["file"]).with_suffix(".out"))
    said = io.StringIO()
    arguments = ["convert", "--cost-and-usage", task["file"], "--out", out]
    options = ["--exit-policy", "pipeline", "--on-exists", "replace"]
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = focus_data_toolkit.cli.main([*arguments, *options])
        except SystemExit as end:
            code = end.code
    words = [line.strip() for line in said.getvalue().splitlines()]
    found = [line for line in words if line.startswith(("error", "[")) or "bad_" in line]
    failed = (found or words[-1:]) if code else []
    return {"failed": failed, "passed": int(not code), "skipped": 0}


def main() -> None:
    task = json.load(sys.stdin)
    prepare(Path(task["folder"]))
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        for result in pool.imap_unordered(run, task["runs"]):
            sys.stdout.write(json.dumps(result) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
