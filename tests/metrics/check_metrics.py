"""Validates the semantic layer and compares figures of its metrics with the marts'.

    make metrics

Runs in an environment of its own (requirements.lock beside this), on the database that libpq's
variables name. Exit codes: 0 every figure is the marts', 1 some are not.
"""

import os
import subprocess
import sys
import tomllib
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg2
from dbt.cli.main import dbtRunner
from dbt_metricflow.cli.cli_configuration import CLIConfiguration
from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

QUERIES = Path(__file__).with_name("queries.toml")
ROOT = Path(__file__).resolve().parents[2]
Row = frozenset[tuple[str, Any]]


def main() -> int:
    """Validate, compare query by query, say what differs, and return the exit code."""
    os.chdir(ROOT)
    if not is_valid():
        return 1
    # MetricFlow answers from what dbt wrote of the models last.
    if not dbtRunner().invoke(["parse", "--quiet"]).success:
        return 1
    configuration = CLIConfiguration()
    configuration.setup(ROOT, ROOT, configure_file_logging=False)
    wrong = 0
    with psycopg2.connect("") as connection:
        for query in tomllib.loads(QUERIES.read_text(encoding="utf-8"))["query"]:
            of_metrics = rows(connection, metric_sql(configuration, query))
            of_marts = rows(connection, query["marts"])
            wrong += not told(query["question"], of_metrics, of_marts)
    return 1 if wrong else 0


def is_valid() -> bool:
    """Let MetricFlow validate models and metrics, on the database too; show only what is wrong."""
    program = Path(sys.executable).with_name("mf")
    done = subprocess.run(
        [program, "validate-configs"], check=False, capture_output=True, text=True
    )
    print(done.stdout + done.stderr if done.returncode else "ok    mf validate-configs")
    return done.returncode == 0


def metric_sql(configuration: CLIConfiguration, query: dict[str, Any]) -> str:
    """Return the SQL that MetricFlow asks for the metrics: run as it is, money stays exact."""
    request = MetricFlowQueryRequest.create(
        metric_names=query["metrics"],
        group_by_names=query["group_by"],
        where_constraints=query.get("where"),
    )
    return str(configuration.mf.explain(request).sql_statement.without_descriptions.sql)


def rows(connection: Any, statement: str) -> Counter[Row]:  # noqa: ANN401  # ships no types
    """Return the rows by column name; MetricFlow's months are instants, the marts' are days."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        names = [column.name for column in cursor.description]
        return Counter(
            frozenset(zip(names, map(_plain, row), strict=True)) for row in cursor.fetchall()
        )


def _plain(value: object) -> object:
    return value.date() if isinstance(value, datetime) else value


def told(question: str, of_metrics: Counter[Row], of_marts: Counter[Row]) -> bool:
    """Print one line on a question, and the first differences; say whether all is well."""
    if not of_marts:
        print(f"FAIL  {question}: the marts hold no row; load exports first, such as: make demo")
        return False
    if any(isinstance(value, float) for row in of_metrics for _, value in row):
        print(f"FAIL  {question}: a figure is a float")
        return False
    if of_metrics != of_marts:
        print(f"FAIL  {question}: {(of_metrics - of_marts).total()} rows differ, such as")
        for side, differing in ("metrics", of_metrics - of_marts), ("marts", of_marts - of_metrics):
            for row in list(differing)[:2]:
                print(f"      {side:<8}", dict(sorted(row)))
        return False
    print(f"ok    {question}: {of_marts.total()} rows")
    return True


if __name__ == "__main__":
    sys.exit(main())
