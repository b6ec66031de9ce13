"""What deliveries change after a build reaches every mart, as if all had been built anew."""

import csv
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import connect_to
from digests import digest_of_marts
from psycopg import sql
from seed_mistakes import copy_seeds

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
BILLED = "databricks/workspaceId=4821930571648205-usageMonth=2026-10.csv"
METERED = "infrasage/usage_metering_2026-10.csv"
WITHDRAWN = "spacelift.run_minutes"


@pytest.fixture
def copied(built_environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """The variables of a copy of the database with the samples' marts."""
    name = f"loader_test_{secrets.token_hex(6)}"
    server = built_environment | {"PGDATABASE": "postgres"}
    statement = sql.SQL("create database {} template {} strategy file_copy").format(
        sql.Identifier(name), sql.Identifier(built_environment["PGDATABASE"])
    )
    with connect_to(server) as connection:
        connection.execute(statement)
        try:
            yield built_environment | {"PGDATABASE": name}
        finally:
            connection.execute(
                sql.SQL("drop database {} with (force)").format(sql.Identifier(name))
            )


def test_restatements_reach_every_mart(copied: dict[str, str], tmp_path: Path) -> None:
    # The same hours, meters and quantities: only the team's tag is another.
    billed = (SAMPLES / BILLED).read_text(encoding="utf-8")
    retagged = billed.replace('""team"":""payments""', '""team"":""risk""')
    assert retagged != billed
    write(tmp_path / Path(BILLED).name, retagged)
    # The same hours and meters with other quantities, in another file.
    with (SAMPLES / METERED).open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    doubled = [[*row[:3], str(2 * int(row[3])), *row[4:]] for row in rows]
    write(tmp_path / "restated.csv", "\n".join(map(",".join, [header, *doubled])) + "\n")
    withdrawn = next(
        load["load_id"]
        for load in json.loads(loader(copied, "loads", "--json"))["loads"]
        if load["export"] == WITHDRAWN and load["status"] == "loaded"
    )

    before = digests(copied)
    loader(copied, "load", str(tmp_path))
    loader(copied, "withdraw", str(withdrawn))
    loader(copied, "build")
    after = digests(copied)
    assert after["rpt_costs_monthly"] != before["rpt_costs_monthly"]
    loader(copied, "build", "--full-refresh")
    assert digests(copied) == after


def test_renamed_services_reach_every_mart(copied: dict[str, str], tmp_path: Path) -> None:
    # Of tables made before they had the index by which versions are looked up, too.
    with connect_to(copied) as connection:
        connection.execute(
            "do $$ declare index_name text; begin"
            " for index_name in select indexrelid::regclass from pg_index"
            " where indrelid in"
            " ('marts.fct_usage_hourly'::regclass, 'marts.fct_charges'::regclass)"
            " and pg_get_indexdef(indexrelid) like '%\\_version)'"
            " loop execute 'drop index ' || index_name; end loop; end $$"
        )
    meters = copy_seeds(tmp_path) / "meters.csv"
    named = meters.read_text(encoding="utf-8")
    renamed = named.replace(",Databricks Jobs Compute,", ",Scheduled jobs,")
    assert renamed != named
    write(meters, renamed)

    loader(copied, "build", "--seeds", str(tmp_path))
    after = digests(copied)
    with connect_to(copied) as connection:
        names = connection.execute(
            "select distinct service_name from marts.rpt_costs_daily"
            " where service_name in ('Databricks Jobs Compute', 'Scheduled jobs')"
        ).fetchall()
    assert names == [("Scheduled jobs",)]
    loader(copied, "build", "--seeds", str(tmp_path), "--full-refresh")
    assert digests(copied) == after


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def loader(environment: dict[str, str], *arguments: str) -> str:
    result = subprocess.run(
        [sys.executable, "-m", "loader", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def digests(environment: dict[str, str]) -> dict[str, tuple[int, str]]:
    with connect_to(environment) as connection:
        return digest_of_marts(connection)
