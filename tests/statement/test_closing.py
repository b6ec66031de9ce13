"""Closing a month: what is frozen, what is refused, and closers that meet or die."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from hand_made_marts import Marts

ROOT = Path(__file__).parents[2]
Run = Callable[..., tuple[int, str, str]]
Connect = Callable[[], psycopg.Connection]

OCTOBER = (
    "2026-10-01,risk,tecton,,,USD,1.005000000000,1.01\n"
    "2026-10-01,search,tecton,,,USD,2.500000000000,2.50"
)
HASH = hashlib.sha256(OCTOBER.encode()).hexdigest()


def closings(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    return connection.execute(
        "select billing_period::text, lines, sha256, forced_because, reopened_at is null"
        " from loader.closed_months order by closing_id"
    ).fetchall()


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "loader", "close", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_closed_month_keeps_its_lines_and_their_hash(october: Marts, run: Run) -> None:
    code, out, _ = run("close", "2026-10")
    assert code == 0
    assert out == (
        f"closed 2026-10: 2 lines, 3.51 USD, sha256 {HASH}\n"
        "what changes from now on is Correction in 2026-11; build to see it\n"
    )
    assert closings(october.connection) == [("2026-10-01", 2, HASH, None, True)]
    lines = october.connection.execute(
        "select line_number, team, source_name, charge_class, corrects_period, currency,"
        " effective_cost::text, amount::text from loader.closed_statements order by 1"
    ).fetchall()
    assert lines == [
        (1, "risk", "tecton", None, None, "USD", "1.005000000000", "1.01"),
        (2, "search", "tecton", None, None, "USD", "2.500000000000", "2.50"),
    ]


def test_a_closing_knows_the_build_it_is_of(october: Marts, run: Run) -> None:
    assert run("close", "2026-10")[0] == 0
    row = october.connection.execute(
        "select build_fingerprint = fingerprint, loader_version = '0.1.0', closed_at <= now()"
        " from loader.closed_months cross join loader.builds"
    ).fetchone()
    assert row == (True, True, True)


def test_corrections_are_frozen_with_the_month_they_belong_to(october: Marts, run: Run) -> None:
    assert run("close", "2026-10")[0] == 0
    october.add_line("2026-11-01", "a,b", "-0.5", "-0.50", corrects="2026-10-01")
    october.add_line("2026-11-01", "risk", "7", "7.00")
    october.build()
    assert run("close", "2026-11")[0] == 0
    text = (
        '2026-11-01,"a,b",tecton,Correction,2026-10-01,USD,-0.500000000000,-0.50\n'
        "2026-11-01,risk,tecton,,,USD,7.000000000000,7.00"
    )
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert closings(october.connection)[1] == ("2026-11-01", 2, digest, None, True)


def test_closing_again_says_so_and_changes_nothing(october: Marts, run: Run) -> None:
    run("close", "2026-10")
    before = closings(october.connection)
    code, out, _ = run("close", "2026-10")
    assert code == 0
    assert out.startswith("2026-10 is closed already, since ")
    assert out.endswith(f" UTC: 2 lines, 3.51 USD, sha256 {HASH}\n")
    assert closings(october.connection) == before


def test_a_closed_month_that_came_to_something_else_is_not_closed_again(
    october: Marts, run: Run
) -> None:
    run("close", "2026-10")
    october.add_cost("2026-10-01", "risk", "0.000000000001")
    code, _, error = run("close", "2026-10")
    assert code == 1
    assert error == (
        "error: 2026-10 is closed; 1 of its lines come to something else since\n"
        "  the statement stays; the difference is Correction up to 2026-11\n"
        "  to close it anew while it is the newest: loader close --reopen 2026-10\n"
    )


def test_the_month_has_to_be_over(
    october: Marts, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOADER_AS_OF", "2026-10-31T23:59:59Z")
    code, _, error = run("close", "2026-10")
    assert (code, error.splitlines()[0]) == (
        1,
        "error: 2026-10 is not over until 2026-11-01 00:00 UTC",
    )
    monkeypatch.setenv("LOADER_AS_OF", "2026-11-01T00:00:00Z")
    assert run("close", "2026-10")[0] == 0
    assert closings(october.connection)


def test_the_marts_have_to_be_of_what_is_loaded_and_closed(october: Marts, run: Run) -> None:
    october.add_line("2026-11-01")
    assert run("close", "2026-10")[0] == 0
    code, _, error = run("close", "2026-11")
    assert code == 1
    built = october.connection.execute(
        "select to_char(max(started_at) at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC'"
        " from loader.builds"
    ).fetchone()
    assert built is not None
    stale = "error: the marts are not up to date with loads, closed months, seeds and models"
    advice = "  run make build, then ask again"
    closed = f"  after the build of {built[0]}: 1 month closed or reopened"
    assert error.splitlines() == [stale, closed, advice]
    october.connection.execute(
        "insert into loader.builds (fingerprint, nodes, started_at) values ('unfinished', 0, now())"
    )
    assert "did not pass, or was of a part of the project" in run("close", "2026-11")[2]
    october.connection.execute("delete from loader.builds")
    assert run("close", "2026-11")[2].splitlines() == [stale, "  nothing was built yet", advice]
    october.build()
    assert run("close", "2026-11")[0] == 0


def test_months_are_closed_in_order(october: Marts, run: Run) -> None:
    october.add_line("2026-11-01")
    october.build()
    code, _, error = run("close", "2026-11")
    assert (code, error) == (
        1,
        "error: 2026-10 has cost and is still open\n  close it first: loader close 2026-10\n",
    )
    assert run("close", "2026-10")[0] == 0
    october.build()
    code, _, error = run("close", "2026-09")
    assert code == 1
    assert error == (
        "error: 2026-09 lies before 2026-10, which is closed\n"
        "  its cost stands as Correction in 2026-11\n"
    )


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        ("missing", "1 missing, 0 late, 0 not due yet"),
        ("late", "0 missing, 1 late, 0 not due yet"),
        ("not_due", "0 missing, 0 late, 1 not due yet"),
    ],
)
def test_missing_usage_stands_in_the_way_unless_a_reason_is_given(
    october: Marts, run: Run, status: str, counts: str
) -> None:
    october.see("2026-10-01", status)
    code, _, error = run("close", "2026-10")
    assert code == 1
    assert error == (
        "error: 2026-10: usage is missing; nothing was closed\n"
        f"  tecton.billable_usage_v2 acme: hours {counts}\n"
        '  load it and build, or say why not: loader close 2026-10 --force "REASON"\n'
    )
    assert closings(october.connection) == []
    assert run("close", "2026-10", "--force", "never delivered")[0] == 0
    assert closings(october.connection) == [("2026-10-01", 2, HASH, "never delivered", True)]


def test_what_is_missing_in_another_month_does_not_matter(october: Marts, run: Run) -> None:
    october.see("2026-09-30", "missing")
    october.see("2026-11-01", "late")
    assert run("close", "2026-10")[0] == 0


def test_usage_has_to_be_looked_at_after_the_month(october: Marts, run: Run) -> None:
    october.see("2026-10-30", "present", as_of="2026-10-30")
    code, _, error = run("close", "2026-10")
    assert (code, error.splitlines()[0]) == (
        1,
        "error: the marts were built on 2026-10-30, before 2026-10 was over",
    )


def test_a_month_without_cost_has_no_statement(october: Marts, run: Run) -> None:
    code, _, error = run("close", "2026-09")
    assert (code, error.splitlines()[0]) == (
        1,
        "error: 2026-09 has no statement: nothing was charged in it",
    )
    assert closings(october.connection) == []


def test_only_the_newest_closed_month_is_reopened(october: Marts, run: Run) -> None:
    october.add_line("2026-11-01")
    october.build()
    run("close", "2026-10")
    october.build()
    run("close", "2026-11")
    code, _, error = run("close", "--reopen", "2026-10")
    assert code == 1
    assert error == (
        "error: 2026-10 is not the newest closed month, 2026-11 is\n"
        "  what changed since stands as Correction in 2026-12\n"
    )
    code, out, _ = run("close", "--reopen", "2026-11", "--reason", "a price was wrong")
    assert (code, out) == (0, "reopened 2026-11; build to see it\n")
    assert run("close", "--reopen", "2026-11")[0] == 1
    assert run("close", "--reopen", "2026-10")[0] == 0
    kept = october.connection.execute(
        "select count(*), count(reopened_at), string_agg(reopened_because, ',')"
        " from loader.closed_months"
    ).fetchone()
    assert kept == (2, 2, "a price was wrong")


def test_a_reopened_month_is_closed_anew_and_both_closings_are_listed(
    october: Marts, run: Run
) -> None:
    run("close", "2026-10")
    run("close", "--reopen", "2026-10", "--reason", "a price was wrong")
    october.build()
    assert run("close", "2026-10")[0] == 0
    code, out, _ = run("close", "--list", "--json")
    listed = json.loads(out)["closings"]
    assert code == 0
    assert [(each["billing_period"], each["sha256"], each["totals"]) for each in listed] == [
        ("2026-10-01", HASH, {"USD": "3.51"})
    ] * 2
    assert [each["reopened_at"] is None for each in listed] == [False, True]
    lines = run("close", "--list")[1].splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [
        ["2026-10", "reopened"],
        ["2026-10", "closed"],
    ]
    assert lines[1].endswith("  reopened: a price was wrong")
    assert "a price was wrong" not in lines[2]


def test_nothing_closed_is_an_empty_list(october: Marts, run: Run) -> None:
    assert run("close", "--list")[1] == "no month was closed yet\n"
    october.connection.execute("drop table loader.closed_statements, loader.closed_months")
    assert json.loads(run("close", "--list", "--json")[1]) == {"closings": []}


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("2026-10", "--list"),
        ("2026-10", "--reopen", "2026-10"),
        ("2026-1",),
        ("2026-13",),
        ("October",),
        ("2026-10", "--force", " "),
        ("2026-10", "--reason", "no"),
        ("--list", "--force", "no"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(
    october: Marts, run: Run, arguments: tuple[str, ...]
) -> None:
    assert run("close", *arguments)[0] == 2
    assert closings(october.connection) == []


def test_a_developer_s_own_schemas_are_not_closed(
    october: Marts, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_SCHEMA", "me")
    assert run("close", "2026-10")[0] == 2
    assert closings(october.connection) == []


def test_two_closers_at_once_close_once(october: Marts) -> None:
    both = [start("2026-10"), start("2026-10")]
    ended = [(*closer.communicate(timeout=120), closer.returncode) for closer in both]
    assert [code for _, _, code in ended] == [0, 0], ended
    assert sorted(out.split(" ")[0] for out, _, _ in ended) == ["2026-10", "closed"]
    assert closings(october.connection) == [("2026-10-01", 2, HASH, None, True)]


def test_a_killed_closer_leaves_nothing_behind(october: Marts, connect: Connect) -> None:
    blocker = connect()
    with blocker.transaction():
        # The month is written by then, and its lines are not.
        blocker.execute("lock table loader.closed_statements in share mode")
        closer = start("2026-10")
        waiting = wait_for(october.connection, "wait_event_type = 'Lock'")
        os.kill(closer.pid, signal.SIGKILL)
        closer.communicate(timeout=60)
        october.connection.execute("select pg_terminate_backend(%s)", [waiting])
    wait_for(october.connection, "pid = %s", [waiting], is_there=False)
    assert closings(october.connection) == []
    again = start("2026-10")
    assert again.communicate(timeout=60)[0].startswith("closed 2026-10: 2 lines")
    assert closings(october.connection) == [("2026-10-01", 2, HASH, None, True)]


def test_a_closing_waits_for_a_build(october: Marts, connect: Connect) -> None:
    builder = connect()
    key = ["loader: dbt build"]
    builder.execute("select pg_advisory_lock(hashtextextended(%s, 0))", key)
    closer = start("2026-10")
    wait_for(october.connection, "wait_event = 'advisory'")
    october.add_line("2026-10-01", "late", "1", "1.00")
    builder.execute("select pg_advisory_unlock(hashtextextended(%s, 0))", key)
    assert closer.communicate(timeout=60)[0].startswith("closed 2026-10: 3 lines")


def wait_for(
    connection: psycopg.Connection,
    condition: str,
    values: list[object] | None = None,
    *,
    is_there: bool = True,
) -> int:
    """Wait until a session of the database meets the condition, or none does; return its pid."""
    for _ in range(600):
        row = connection.execute(
            "select pid from pg_stat_activity where datname = current_database() and"
            f" pid != pg_backend_pid() and {condition}".encode(),
            values or [],
        ).fetchone()
        if (row is not None) is is_there:
            return 0 if row is None else int(row[0])
        time.sleep(0.1)
    message = f"no session came to: {condition}"
    raise AssertionError(message)


def test_a_closed_month_makes_statements_stale_and_no_export_of_costs(
    october: Marts, run: Run, tmp_path: Path
) -> None:
    october.connection.execute(
        """
        create schema reference;
        create table reference.focus_providers as select 'acme/' as tag_prefix;
        create table marts.focus_cost_and_usage as select
            'USD' as "BillingCurrency",
            '2026-10-01T00:00:00Z'::timestamptz as "BillingPeriodStart",
            1.5::numeric(38, 12) as "ListCost",
            1.5::numeric(38, 12) as "ContractedCost",
            1.5::numeric(38, 12) as "EffectiveCost",
            1.5::numeric(38, 12) as "BilledCost"
        """
    )
    export = ("export", "focus", "--out", str(tmp_path / "x.csv"))
    assert run(*export)[::2] == (0, "")
    assert run("close", "2026-10")[0] == 0
    assert run(*export)[::2] == (0, "")
    assert run("close", "--reopen", "2026-10")[0] == 0
    assert run(*export)[::2] == (0, "")
    october.connection.execute("update loader.builds set fingerprint = 'of other loads'")
    code, _, error = run(*export)
    assert code == 0
    assert error.startswith("warning: the last full build that passed was not of these loads,")
