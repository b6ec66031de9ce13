"""The sample month hour by hour: pools, percentiles and completeness beside what the files say."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import sample_hours
from databases import connect_to

ROOT = Path(__file__).parents[2]
HEADER = "tenant_id,hour,event_type,event_count,bytes_ingested\n"
MODELS = ("rpt_worker_utilisation_hourly", "rpt_usage_percentiles", "rpt_source_lag")


@pytest.fixture
def marts(built: object) -> Iterator[psycopg.Connection]:
    assert built is not None
    with psycopg.connect("", autocommit=True) as connection:
        connection.execute("set time zone 'UTC'")
        yield connection


def test_pools_worked_and_cost_what_the_files_say(marts: psycopg.Connection) -> None:
    rows = marts.execute(
        "select worker_pool, usage_start_at, worker_count, busy_minutes, waiting_minutes,"
        " effective_cost, idle_cost from marts.rpt_worker_utilisation_hourly"
    ).fetchall()
    actual = {(pool, hour): sample_hours.PoolHour(*values) for pool, hour, *values in rows}
    assert len(actual) == len(rows) == 744 + 710
    assert actual == sample_hours.expected_pool_hours()


def test_percentiles_are_those_of_every_hour(marts: psycopg.Connection) -> None:
    rows = marts.execute(
        "select meter_id, account_key, resource_key, hours, hours_filled, p50, p90, p95, p99,"
        " maximum from marts.rpt_usage_percentiles where source_name != 'metronome'"
    ).fetchall()
    actual = {
        (meter, account, resource): sample_hours.Percentiles(*values)
        for meter, account, resource, *values in rows
    }
    assert len(actual) == len(rows)
    assert actual == sample_hours.expected_percentiles()


def test_hours_with_usage_are_present_and_gaps_are_zero(marts: psycopg.Connection) -> None:
    rows = marts.execute(
        "select export_name, account_key, usage_date, hours_present"
        " from marts.rpt_source_completeness"
        " where hours_present > 0 and source_name != 'metronome'"
    ).fetchall()
    expected = sample_hours.expected_days()
    assert {(export, account, day): present for export, account, day, present in rows} == expected
    after_a_silent_day = marts.execute(
        "select usage_date, status, hours_zero from marts.rpt_source_completeness"
        " where export_name = 'spacelift.run_minutes' and usage_date = '2026-10-10'"
    ).fetchall()
    assert after_a_silent_day == [(date(2026, 10, 10), "zero", 24)]


def build(as_of: str, environment: dict[str, str]) -> None:
    result = subprocess.run(
        [
            *(sys.executable, "-m", "loader", "build", "--json", "--select"),
            *(f"+{model}" for model in (*MODELS, "rpt_source_completeness")),
            *("--exclude", "resource_type:test", "resource_type:unit_test"),
        ],
        cwd=ROOT,
        env=environment | {"LOADER_AS_OF": as_of},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_with_nothing_loaded_the_marts_are_empty(own_database: dict[str, str]) -> None:
    build("2026-10-02T00:00:00Z", own_database)
    with connect_to(own_database) as connection:
        for mart in (*MODELS, "rpt_source_completeness"):
            row = connection.execute(f"select count(*) from marts.{mart}").fetchone()
            # The demo's worker fee is there, without a worker to carry it.
            assert row == (31 if mart == "rpt_worker_utilisation_hourly" else 0,), mart


def test_an_account_silent_for_400_days_has_ended(
    own_database: dict[str, str], tmp_path: Path
) -> None:
    export = tmp_path / "usage.csv"
    export.write_text(f"{HEADER}t,2024-01-01 23:00:00,log,1,1\n")
    subprocess.run(
        [sys.executable, "-m", "loader", "load", str(export)],
        cwd=ROOT,
        env=own_database,
        check=True,
    )
    build("2026-10-02T00:00:00Z", own_database)
    with connect_to(own_database) as connection:
        rows = connection.execute(
            "select status, count(*), max(usage_date), max(as_of_at)"
            " from marts.rpt_source_completeness group by 1 order by 1"
        ).fetchall()
    as_of = datetime(2026, 10, 2, tzinfo=UTC)
    last = date(2024, 1, 1) + timedelta(days=400)
    assert rows == [("missing", 400, last, as_of), ("present", 1, date(2024, 1, 1), as_of)]
