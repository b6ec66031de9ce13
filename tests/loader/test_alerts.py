"""Alerts reach every address once: past two runs at a time, a service that is down, and a crash."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).parents[2]
# Apprise imports a module of Python's that is on its way out.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
Run = Callable[..., tuple[int, str, str]]

MARTS = """
create schema marts;
create table marts.dim_teams as
select 'growth' as team, 'Growth' as team_name;
create table marts.rpt_budget_status as
select
    'growth' as team, period_start, 'USD' as currency,
    3612.205::numeric(38, 12) as effective_cost, 4608.42::numeric(38, 12) as forecast_cost
from unnest('{2026-09-01,2026-10-01}'::date[]) as period_start;
create table marts.fct_budget_alerts (
    alert_id uuid, team text, period_start date, period_end date, amount numeric(38, 12),
    currency text, threshold integer, crossed_on date, crossed_at timestamptz
);
"""
BODY = """\
Budget from 2026-10-01 to 2026-10-31: 4,300.00 USD for the team and the teams below it
Spent: 3,612.20 USD (84.0 %), 80 % on 2026-10-21
Expected by the end: 4,608.42 USD (107.1 %)"""
GROWTH_80 = ("Growth: 80 % of the budget is spent", BODY)


@dataclass
class Service:
    """A webhook on this machine, and what it was sent."""

    port: int = 0
    received: list[tuple[str, str]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    status: int = 200
    on_message: Callable[[], None] = lambda: None

    def url(self, path: str = "budgets") -> str:
        return f"json://ann:s3cret@127.0.0.1:{self.port}/{path}"

    @property
    def titles(self) -> list[str]:
        return [title.split(" %")[0] for title, _ in self.received]


@pytest.fixture
def service() -> Iterator[Service]:
    found = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found.received.append((body["title"], body["message"]))
            found.kinds.append(body["type"])
            found.on_message()
            self.send_response(found.status)
            self.end_headers()

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002
            assert format

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def reach(
    connection: psycopg.Connection, *thresholds: int, starts: date = date(2026, 10, 1)
) -> None:
    for threshold in thresholds:
        connection.execute(
            "insert into marts.fct_budget_alerts values (md5(%(start)s::text || %(percent)s)::uuid,"
            " 'growth', %(start)s, %(start)s + interval '1 month', 4300, 'USD', %(percent)s,"
            " %(start)s + %(percent)s / 4, (%(start)s + %(percent)s / 4)::timestamptz)",
            {"start": starts, "percent": threshold},
        )


@pytest.fixture
def marts(connect: Callable[[], psycopg.Connection]) -> psycopg.Connection:
    """Marts with a budget in October that is at 80 %, and one of September that ended at 95 %."""
    connection = connect()
    connection.execute(MARTS)
    reach(connection, 50, 80, 95, starts=date(2026, 9, 1))
    reach(connection, 50, 80)
    return connection


def records(connection: psycopg.Connection) -> dict[str, int]:
    query = "select outcome, count(*) from loader.alerts_sent group by outcome"
    return dict(connection.execute(query).fetchall())


def test_the_first_run_tells_where_the_newest_budget_stands(
    run: Run, service: Service, marts: psycopg.Connection
) -> None:
    assert run("alerts", "--to", service.url()) == (
        0,
        (
            "sent to target 1 (json): Growth: 80 % of the budget is spent\n"
            "target 1 (json): 1 sent; 4 older count as known\n"
        ),
        "",
    )
    assert service.received == [GROWTH_80]
    assert records(marts) == {"sent": 1, "known": 4}


def test_a_budget_of_a_cent_is_told_in_parts_of_it(
    run: Run, service: Service, marts: psycopg.Connection
) -> None:
    marts.execute("update marts.fct_budget_alerts set amount = 0.01")
    marts.execute("update marts.rpt_budget_status set effective_cost = 0.00855, forecast_cost = 2")
    assert run("alerts", "--to", service.url())[0] == 0
    ((_, body),) = service.received
    assert body.splitlines()[1:] == [
        "Spent: 0.00855 USD (85.5 %), 80 % on 2026-10-21",
        "Expected by the end: 2 USD (20,000.0 %)",
    ]


def find_unusual(
    connection: psycopg.Connection, *days: int, team: str = "growth", cost: str = "912.105"
) -> None:
    """Make days of October, and a usual one, of the mart of anomalies, which a build makes anew."""
    connection.execute(
        "create table if not exists marts.rpt_cost_anomalies (team text, source_name text,"
        " usage_date date, currency text, effective_cost numeric(38, 12), expected_cost numeric,"
        " lower_cost numeric, upper_cost numeric, is_anomaly boolean, reason text)"
    )
    for day, is_anomaly in [(30, False), *((day, True) for day in days)]:
        connection.execute(
            "insert into marts.rpt_cost_anomalies values"
            " (%s, 'tecton', make_date(2026, 10, %s), 'USD', %s, 470, 412, 530, %s, %s)",
            [team, day, cost, is_anomaly, "above the 8 same weekdays before it"],
        )


def test_an_anomaly_is_sent_once_however_often_it_is_built(
    run: Run, service: Service, marts: psycopg.Connection
) -> None:
    find_unusual(marts, 3, 20)
    find_unusual(marts, 21, team="unallocated")
    assert run("alerts", "--to", service.url(), "--only", "anomalies")[0] == 0
    unusual = "an unusual cost of tecton on 2026-10"
    assert [title for title, _ in service.received] == [
        f"Growth: {unusual}-20",
        f"unallocated: {unusual}-21",
    ]
    assert service.received[0][1].splitlines() == [
        "Cost: 912.10 USD, above the 8 same weekdays before it",
        "Expected: 470.00, from 412.00 to 530.00 USD",
        "Look: loader explain growth 2026-10-20 --source tecton",
    ]
    assert set(service.kinds) == {"warning"}
    marts.execute("drop table marts.rpt_cost_anomalies")
    find_unusual(marts, 3, 20, 21, 22, cost="1000")
    assert run("alerts", "--to", service.url(), "--only", "anomalies")[0] == 0
    assert run("alerts", "--to", service.url(), "--only", "anomalies")[0] == 0
    assert [title for title, _ in service.received[2:]] == [
        f"Growth: {unusual}-21",
        f"Growth: {unusual}-22",
    ]


def test_who_was_sent_budgets_before_is_not_sent_all_anomalies_there_ever_were(
    run: Run, service: Service, marts: psycopg.Connection
) -> None:
    assert run("alerts", "--to", service.url())[0] == 0
    marts.execute("alter table loader.alert_targets drop column kinds")
    find_unusual(marts, 3, 4, 20)
    code, out, _ = run("alerts", "--to", service.url(), "--dry-run")
    assert (code, out.splitlines()[-1]) == (
        0,
        "target 1 (json): 1 new; 2 older would count as known",
    )
    assert run("alerts", "--to", service.url())[0] == 0
    assert [title.split(" on ")[-1] for title, _ in service.received[1:]] == ["2026-10-20"]
    reach(marts, 95)
    assert run("alerts", "--to", service.url(), "--only", "anomalies")[0] == 0
    assert len(service.received) == 2
    assert run("alerts", "--to", service.url(), "--only", "budgets")[0] == 0
    assert service.titles[-1] == "Growth: 95"


def test_anomalies_that_were_not_built_are_said(
    run: Run, service: Service, marts: psycopg.Connection
) -> None:
    assert marts
    code, _, error = run("alerts", "--to", service.url(), "--only", "anomalies")
    assert code == 2
    assert "the database has no marts.rpt_cost_anomalies" in error
    assert service.received == []


def test_later_runs_send_every_new_threshold_once(
    run: Run, service: Service, marts: psycopg.Connection
) -> None:
    run("alerts", "--to", service.url())
    reach(marts, 95, 100)
    assert run("alerts", "--to", service.url())[0] == 0
    assert run("alerts", "--to", service.url())[1] == "target 1 (json): 0 sent\n"
    assert service.titles == ["Growth: 80", "Growth: 95", "Growth: 100"]
    assert service.kinds == ["warning", "warning", "failure"]


@pytest.mark.usefixtures("marts")
def test_a_new_address_has_a_first_run_of_its_own(run: Run, service: Service) -> None:
    run("alerts", "--to", service.url())
    assert run("alerts", "--to", service.url(), "--to", service.url("other"))[0] == 0
    assert service.titles == ["Growth: 80", "Growth: 80"]


@pytest.mark.usefixtures("marts")
def test_addresses_may_come_from_the_environment(
    run: Run, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOADER_ALERT_URLS", f"{service.url()}\n {service.url()} {service.url('b')}")
    code, out, _ = run("alerts", "--json")
    assert code == 0
    targets = json.loads(out)["targets"]
    assert [(one["target"], one["service"], one["known"]) for one in targets] == [
        (1, "json", 4),
        (3, "json", 4),
    ]
    assert [alert["threshold"] for one in targets for alert in one["sent"]] == [80, 80]
    assert [alert["effective_cost"] for one in targets for alert in one["sent"]] == ["3612.205"] * 2


def test_a_dry_run_shows_the_message_and_leaves_nothing(
    run: Run, service: Service, marts: psycopg.Connection
) -> None:
    title, body = GROWTH_80
    shown = "  " + body.replace("\n", "\n  ")
    for arguments, name in (((), "an address"), (("--to", service.url()), "target 1 (json)")):
        code, out, err = run("alerts", "--dry-run", *arguments)
        assert (code, err) == (0, "")
        assert out == (
            f"would send to {name}: {title}\n{shown}\n{name}: 1 new; 4 older would count as known\n"
        )
    assert service.received == []
    schemas = marts.execute("select to_regnamespace('loader') is null").fetchone()
    assert schemas == (True,)


def test_what_a_service_refuses_waits_for_the_next_run(
    run: Run, service: Service, marts: psycopg.Connection
) -> None:
    run("alerts", "--to", service.url())
    reach(marts, 95, 100)
    service.status = 500
    code, out, err = run("alerts", "--to", service.url())
    assert (code, out) == (1, "target 1 (json): 0 sent\n")
    assert err == (
        "error: target 1 (json) took no message; 2 wait\n"
        "  see that address and service are right, and run it again\n"
    )
    assert service.titles == ["Growth: 80", "Growth: 95"]
    service.status = 200
    assert run("alerts", "--to", service.url())[0] == 0
    assert service.titles[2:] == ["Growth: 95", "Growth: 100"]


def test_a_crash_before_the_record_sends_that_message_again(
    run: Run,
    service: Service,
    marts: psycopg.Connection,
    connect: Callable[[], psycopg.Connection],
) -> None:
    killer = connect()

    def kill() -> None:
        killer.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid not in (%s, pg_backend_pid())",
            [marts.info.backend_pid],
        )

    service.on_message = kill
    assert run("alerts", "--to", service.url())[0] == 3
    service.on_message = lambda: None
    assert run("alerts", "--to", service.url())[0] == 0
    assert service.titles == ["Growth: 80", "Growth: 80"]
    assert run("alerts", "--to", service.url())[1] == "target 1 (json): 0 sent\n"


def test_two_runs_at_once_send_once(service: Service, marts: psycopg.Connection) -> None:
    service.on_message = lambda: time.sleep(0.5)
    command = [sys.executable, "-m", "loader", "alerts", "--to", service.url()]
    runs = [
        subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = sorted(process.communicate()[0].splitlines()[-1] for process in runs)
    assert [process.returncode for process in runs] == [0, 0]
    assert outputs == [
        "target 1 (json): 0 sent",
        "target 1 (json): 1 sent; 4 older count as known",
    ]
    assert service.titles == ["Growth: 80"]
    assert records(marts) == {"sent": 1, "known": 4}


@pytest.mark.usefixtures("marts")
def test_secrets_are_nowhere(
    run: Run, service: Service, connect: Callable[[], psycopg.Connection]
) -> None:
    service.status = 403
    printed = [*run("alerts", "--to", service.url())[1:], *run("alerts", "--to", "xy://s3cret")[1:]]
    printed += [str(row) for row in connect().execute("table loader.alert_targets").fetchall()]
    assert printed
    assert "s3cret" not in "".join(printed)
    assert "127.0.0.1" not in "".join(printed)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((), "error: alerts: no address to send to\n  name one with --to"),
        (("--to", "not an address"), "error: target 1: is no address Apprise knows\n"),
        (("--to", "nosuchservice://host"), "error: target 1: is no address Apprise knows\n"),
        (("--to", "json://127.0.0.1:1/x"), "error: the database has no marts.fct_budget_alerts\n"),
    ],
)
@pytest.mark.usefixtures("database")
def test_wrong_usage_is_explained(run: Run, arguments: tuple[str, ...], error: str) -> None:
    code, out, err = run("alerts", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(error)


def test_without_apprise_the_package_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert run("alerts", "--to", "json://host") == (
        2,
        "",
        "error: sending alerts needs the package apprise\n  pip install 'usage-costs[alerts]'\n",
    )
