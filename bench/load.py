r"""Times `loader load` beside `psql \copy` on the same generated Databricks file, in one run.

Run it with `make bench`, or `python bench/load.py --rows 200000 --runs 3`. Both write to a
throw-away database of the configured server; the runs alternate, and the ratio is of medians.
`\copy` goes into text columns and checks nothing; the loader proves every value.
"""

import argparse
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from loader.connection import dbt_environment
from loader.embedded.binaries import binaries_folder
from loader.exports import read_exports
from loader.project import Project, find_project
from loader.raw_tables import prepare

EXPORT = "databricks.billable_usage"
DATABASE = f"loader_bench_{secrets.token_hex(4)}"


def main() -> None:
    """Parse the arguments, run the pairs and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    project = find_project(Path(__file__).parent)
    environment = dbt_environment(project)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "usage.csv"
        write_usage(file, arguments.rows)
        times: dict[str, list[float]] = {"psql \\copy": [], "loader load": []}
        for _ in range(arguments.runs):
            for name, seconds in times.items():
                fresh_database(project, environment)
                seconds.append(timed(command(name, project, file), environment))
    with connection(environment, environment["PGDATABASE"]) as server:
        server.execute(f"drop database if exists {DATABASE} with (force)")
    print_table(times, arguments.rows)


def write_usage(file: Path, rows: int) -> None:
    """Write a Databricks export of that many rows, with quoted tags as the vendor writes them."""
    header = next(e for e in read_exports(find_project(Path(__file__).parent)) if e.name == EXPORT)
    tags = '"{""team"":""growth"",""Vendor"":""Databricks"",""ClusterId"":""0405-020048-brawl""}"'
    with file.open("w", encoding="utf-8", newline="\n") as out:
        out.write(",".join(column.header for column in header.columns) + "\n")
        for row in range(rows):
            hour = f"2026-10-{row // 24 % 30 + 1:02}T{row % 24:02}:59:59.999Z"
            out.write(
                f"1234567890123456,{hour},0405-{row:09}-brawl,etl {row % 977},m5.large,4831790000,"
                f"{tags},PREMIUM_JOBS_COMPUTE,{row % 1000}.0233995555555556,{row % 7}.5,,{tags}\n"
            )


def fresh_database(project: Project, environment: dict[str, str]) -> None:
    """Make an empty database with the raw tables in it."""
    with connection(environment, environment["PGDATABASE"]) as server:
        server.execute(f"drop database if exists {DATABASE} with (force)")
        server.execute(f"create database {DATABASE}")
    with connection(environment, DATABASE) as database:
        prepare(database, read_exports(project))
        columns = "(like raw_databricks.billable_usage)"
        database.execute(f"create table copied {columns}")
        database.execute("alter table copied drop column _load_id, drop column _row_number")


def connection(environment: dict[str, str], dbname: str) -> psycopg.Connection:
    """Connect to a database of the configured server."""
    return psycopg.connect(
        host=environment["PGHOST"],
        port=environment["PGPORT"],
        user=environment["PGUSER"],
        password=environment["PGPASSWORD"],
        sslmode=environment["PGSSLMODE"],
        dbname=dbname,
        autocommit=True,
    )


def command(name: str, project: Project, file: Path) -> list[str]:
    """Return the command that loads the file in the named way."""
    loader = [sys.executable, "-m", "loader", "--project-dir", str(project.root)]
    if name == "loader load":
        return [*loader, "load", str(file)]
    psql = shutil.which("psql") or str(binaries_folder() / "psql")
    return [psql, "-qc", f"\\copy copied from '{file}' csv header"]


def timed(arguments: list[str], environment: dict[str, str]) -> float:
    """Return the seconds a command takes, its start included."""
    variables = os.environ | environment | {"PGDATABASE": DATABASE}
    started = time.perf_counter()
    subprocess.run(arguments, env=variables, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def print_table(times: dict[str, list[float]], rows: int) -> None:
    """Print median, spread and ratio of each way."""
    base = statistics.median(times["psql \\copy"])
    print(f"{rows:,} Databricks rows, {len(times['loader load'])} runs each, alternating")
    for name, seconds in times.items():
        median = statistics.median(seconds)
        spread = f"{min(seconds):.2f}-{max(seconds):.2f}"
        print(f"  {name:<12} {median:6.2f} s ({spread} s)  {median / base:5.2f} x \\copy")


if __name__ == "__main__":
    main()
