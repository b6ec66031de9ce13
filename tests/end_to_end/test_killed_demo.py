"""A demo killed in the middle of a step ends well when it is run again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import sample_totals
from databases import connect_to

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 120


def demo(environment: dict[str, str], page: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "loader", "demo", "--out", str(page)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def kill_when(reached: Callable[[], bool], environment: dict[str, str], page: Path) -> None:
    """Run the demo and kill all of it, without warning, once `reached` says so."""
    process = demo(environment, page)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_the_demo_ends_well_after_being_killed(
    own_database: dict[str, str], tmp_path: Path
) -> None:
    with connect_to(own_database) as connection:

        def count(table: str) -> int:
            try:
                row = connection.execute(f"select count(*) from {table}").fetchone()
            except psycopg.errors.UndefinedTable:
                return 0
            assert row is not None
            return int(row[0])

        page = tmp_path / "page.html"
        kill_when(lambda: count("loader.loads") > 20, own_database, page)
        assert count("loader.loads") > 20
        kill_when(lambda: count("marts.fct_usage_hourly") > 0, own_database, page)
        assert count("marts.rpt_costs_monthly") == 0
        process = demo(own_database, page)
        output, _ = process.communicate()
        assert process.returncode == 0, output
        costs = connection.execute(
            "select source_name, sum(effective_cost) from marts.rpt_costs_monthly group by 1"
        ).fetchall()
        assert dict(costs) == sample_totals.expected_costs()
        assert count("loader.loads") == 185
        assert page.is_file()
