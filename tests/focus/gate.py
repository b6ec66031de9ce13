"""`make focus`: is focus_cost_and_usage FOCUS 1.2, and would the gates notice if it were not?

Four gates, each blind where another sees. official: the validator's own rules, on the whole and on
each source. corrected: the same with the encodings put right that contradict their own text
(corrections.py), and on one row of each combination of categories, where they are exact. toolkit:
focus-data-toolkit converts to FOCUS 1.4 and looks at every row. dbt: the mart's contract and tests.
Then rows are spoiled one at a time, and every spoiled row has to be seen by a gate.
"""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from criteria import OFFICIAL_CRITERIA
from dbt_tests import NAMES, compiled_tests, failing
from mutations import CONTROLS, MUTATIONS
from reporting import report_official, report_right, report_spoiled
from rows import Rows

from loader.connection import connect
from loader.focus.columns import read_columns
from loader.project import Project

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "target" / "focus"
Run = dict[str, str]


def main() -> None:
    """Run every gate on data that is right, then on rows that are not; exit 1 on a surprise."""
    environment = Path(sys.argv[1]).absolute()
    started = time.monotonic()
    command = official_command(environment)
    with connect(Project(ROOT), autocommit=True) as connection:
        rows = Rows(connection, read_columns(connection), FOLDER)
        tests = compiled_tests(ROOT / "target")
        if found := failing(connection, tests):
            sys.exit(f"dbt tests fail before anything was spoiled: {', '.join(found)}")
        right = right_runs(rows)
        spoiled, seen = spoiled_runs(rows, tests)
    sys.stderr.write(f"asking the gates {len(right) + len(spoiled)} times, a minute or so\n")
    verdicts = validate(environment, [*right, *spoiled])
    problems = [
        *report_official(FOLDER / "official.xml", command),
        *report_right(verdicts, [run["name"] for run in right]),
        *report_spoiled(verdicts, seen, NAMES),
    ]
    sys.stdout.write(f"\n{time.monotonic() - started:.0f} s; files and reports in {FOLDER}\n")
    if problems:
        sys.exit("\n".join(["", "make focus failed:", *problems]))


def official_command(environment: Path) -> "subprocess.Popen[str]":
    """Start the validator's own command on the whole file, as a person would."""
    program = environment / "bin" / "focus-validator"
    site = next(environment.glob("lib/python3*/site-packages"))
    options = {
        "--data-file": FOLDER / "focus.parquet",
        "--validate-version": "1.2",
        "--focus-dataset": "CostAndUsage",
        "--applicability-criteria": OFFICIAL_CRITERIA,
        "--output-type": "unittest",
        "--output-destination": FOLDER / "official.xml",
    }
    (FOLDER / "official.xml").unlink(missing_ok=True)
    arguments = [str(part) for option in options.items() for part in option]
    return subprocess.Popen(
        [str(program), "--block-download", *arguments],
        # It opens its list of currencies in the current folder, and would log there at length.
        cwd=site,
        env={"LOGGING_CONFIG": str(Path(__file__).with_name("quiet.yaml"))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def right_runs(rows: Rows) -> list[Run]:
    """Write the whole, each source and each combination; return what every gate has to say of."""
    parts = {"everything": "true"}
    parts |= {source: f"\"x_SourceName\" = '{source}'" for source in rows.sources()}
    runs = []
    for name, condition in parts.items():
        files = rows.write(f"right-{name}", rows.read(condition))
        runs += [task(name, gate, files) for gate in ("official", "corrected", "toolkit")]
    chosen = rows.representatives()
    for number in range(chosen.num_rows):
        files = rows.write(f"row-{number}", chosen.slice(number, 1))
        category, service = (
            chosen[name][number].as_py() for name in ("ChargeCategory", "ServiceSubcategory")
        )
        runs.append(task(f"row: {category}, {service}", "corrected", files))
    for control in CONTROLS:
        with rows.changed(control) as table:
            files = rows.write(f"control {control.name}", table)
        runs += [task(f"row: {control.name}", gate, files) for gate in ("corrected", "toolkit")]
    return runs


def spoiled_runs(rows: Rows, tests: Mapping[str, str]) -> tuple[list[Run], dict[str, list[str]]]:
    """Spoil a row at a time; return the runs of the other gates, and what dbt saw of each."""
    runs, seen = [], {}
    chosen = rows.representatives()
    for mutation in MUTATIONS:
        with rows.changed(mutation) as table:
            if table is None:
                seen[mutation.name] = ["contract"]
                continue
            seen[mutation.name] = [] if mutation.renamed else failing(rows.connection, tests)
            if mutation.statement:
                continue
            files = rows.write(f"spoiled {mutation.name}", table)
            runs += [task(mutation.name, gate, files) for gate in ("corrected", "toolkit")]
            if not mutation.renamed:
                among = pa.concat_tables([chosen, rows.read(rows.row_of(mutation.row)), table])
                files = rows.write(f"among {mutation.name}", among)
            runs.append(task(mutation.name, "official", files))
    return runs, seen


def task(name: str, gate: str, files: Mapping[str, str]) -> Run:
    """Return what the other process is to do."""
    return {"name": name, "gate": gate, "file": files["csv" if gate == "toolkit" else "parquet"]}


def validate(environment: Path, runs: list[Run]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return what the gates say, by name and gate."""
    document = json.dumps({"folder": str(FOLDER), "runs": runs})
    done = subprocess.run(
        [str(environment / "bin" / "python"), str(Path(__file__).with_name("validate.py"))],
        input=document,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    return {(result["name"], result["gate"]): result for result in results}


if __name__ == "__main__":
    main()
