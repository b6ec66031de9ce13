"""What readers of the marts see while builds run, fail and die: every relation, at any moment."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from databases import connect_to

ROOT = Path(__file__).parents[2]
Environment = dict[str, str]
MARTS = ("focus_cost_and_usage_lower", "time_spine_days", "rpt_costs_monthly")
VIEWS = """
    create schema bi;
    create view bi.costs with (security_barrier = true) as
    select costs.team, sum(costs.effective_cost) as cost
    from marts.rpt_costs_monthly as costs
    left join marts.dim_dates as days on costs.billing_period = days.calendar_date
    group by costs.team;
    comment on view bi.costs is 'A view of our own.';
    create view bi.of_a_view as select team from bi.costs
"""
# A table before the view that reads it, and the other way round.
READ = (
    ("marts.focus_cost_and_usage", "marts.focus_cost_and_usage_lower"),
    ("bi.of_a_view", "marts.time_spine_days", "marts.dim_dates"),
)


@pytest.fixture(scope="module")
def environment(own_database: Environment) -> Environment:
    """Return the variables of a database with some marts, all empty, and views that read them."""
    build(own_database, "--select", *(f"+{name}" for name in (*MARTS, "rpt_builds")))
    with connect_to(own_database) as connection:
        connection.execute(VIEWS)
    return own_database


def test_views_are_there_at_every_moment_and_after_a_build_that_replaced_what_they_read(
    environment: Environment,
) -> None:
    with reading(environment) as (reads, errors), connect_to(environment) as connection:
        before = oids(connection)
        replaced = ("focus_cost_and_usage", "dim_dates", "rpt_costs_monthly")
        build(environment, "--full-refresh", "--select", *replaced)
        assert not before & oids(connection)
        described = connection.execute(
            "select reloptions, obj_description(oid) from pg_class where oid = 'bi.costs'::regclass"
        ).fetchone()
    assert len(reads) > 20
    assert errors == []
    assert described == (["security_barrier=true"], "A view of our own.")


def test_dbt_still_builds_the_views_it_did_not_drop_and_drops_what_lost_its_column(
    environment: Environment,
) -> None:
    with reading(environment) as (reads, errors), connect_to(environment) as connection:
        connection.execute(
            "alter table marts.rpt_costs_monthly add column extra text;"
            " create view bi.extra as select extra from marts.rpt_costs_monthly"
        )
        selected = ("focus_cost_and_usage+", "dim_dates+", "rpt_costs_monthly")
        build(environment, "--full-refresh", "--select", *selected)
        left = connection.execute("select to_regclass('bi.extra'), to_regclass('bi.costs')")
        assert left.fetchone() == (None, "bi.costs")
    assert len(reads) > 20
    assert errors == []


def test_a_build_of_a_part_says_so_and_a_failed_one_too(environment: Environment) -> None:
    assert statuses(environment)[0] == ("partial", True)
    with connect_to(environment) as connection:
        connection.execute("alter table loader.loads rename column uri to place")
        failed = run(environment, "--select", "stg_loader__ledger")
        connection.execute("alter table loader.loads rename column place to uri")
    assert failed.returncode == 1
    assert statuses(environment)[:2] == [("failed", True), ("partial", False)]


def test_a_build_is_running_until_it_is_killed(environment: Environment) -> None:
    process = start(environment, "--select", "+focus_cost_and_usage")
    wait_for(environment, "running")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    wait_for(environment, "unfinished")
    build(environment, "--select", "dim_dates")
    assert statuses(environment)[:2] == [("partial", True), ("killed", False)]


@contextmanager
def reading(environment: Environment) -> Iterator[tuple[list[str], list[str]]]:
    """Read over and over in a thread; yield what was read, and what went wrong."""
    reads, errors, stopped = list[str](), list[str](), threading.Event()

    def read() -> None:
        with connect_to(environment) as connection:
            while not stopped.wait(0.05):
                for relations in READ:
                    try:
                        with connection.transaction():
                            for relation in relations:
                                connection.execute(f"select count(*) from {relation}")
                                reads.append(relation)
                    except psycopg.Error as error:
                        errors.append(str(error))

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield reads, errors
    finally:
        stopped.set()
        thread.join()


def oids(connection: psycopg.Connection) -> set[int]:
    names = ["marts.focus_cost_and_usage", "marts.dim_dates", "marts.rpt_costs_monthly"]
    return {
        oid
        for (oid,) in connection.execute(
            "select to_regclass(name)::oid from unnest(%s::text[]) as name", [names]
        )
    }


def statuses(environment: Environment) -> list[tuple[str, bool]]:
    """Return status and whether it is the last, of all builds from the newest on."""
    with connect_to(environment) as connection:
        return connection.execute(
            "select status, is_last from marts.rpt_builds order by build_id desc"
        ).fetchall()


def wait_for(environment: Environment, status: str) -> None:
    until = time.monotonic() + 60
    while statuses(environment)[0] != (status, True):
        assert time.monotonic() < until, statuses(environment)
        time.sleep(0.05)


def build(environment: Environment, *arguments: str) -> None:
    """Build models and seeds without their tests."""
    kinds = ["--resource-type", "seed", "--resource-type", "model"]
    built = run(environment, *kinds, *arguments)
    assert built.returncode == 0, built.stdout + built.stderr


def run(environment: Environment, *arguments: str) -> subprocess.CompletedProcess[str]:
    process = start(environment, *arguments)
    out, err = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def start(environment: Environment, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "loader", "build", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
