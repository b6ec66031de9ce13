"""InfraSage's breakdown: replies and metering, through the marts, to `loader breakdown`."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from databases import connect_to

ROOT = Path(__file__).parents[2]
LARGEST = 2**64 - 1

METERING = f"""tenant_id,hour,event_type,event_count,bytes_ingested
acme,2026-03-31 23:00:00,log,1000,1000
acme,2026-04-01 00:00:00,log,{LARGEST},{LARGEST}
acme,2026-04-01 00:00:00,log,{LARGEST},{LARGEST}
acme,2026-04-09 23:00:00,trace,5,50
acme,2026-04-10 00:00:00,log,7,
other,2026-04-01 00:00:00,metric,3,30
"""
# A level: pools add up within an hour, hours do not.
WORKERS = """ID,Count,TimestampUnix,WorkerPoolName
1,3,1775001600,a
2,4,1775001600,b
3,5,1775005200,a
"""


def reply(start: str, end: str, total: int, **events: int) -> str:
    """A reply in which a byte is a tenth of an event."""
    rows = [
        {"service_id": service.replace("_", "-"), "events": count, "bytes": count * 10}
        for service, count in events.items()
    ]
    return json.dumps(
        {
            "period": {"start": start, "end": end},
            "breakdown": rows,
            "total_events": total,
            "total_bytes": total * 10,
        }
    )


# File, tenant and content, in the order of loading.
REPLIES = [
    ("older", "acme", reply("2026-04-05T00:00:00Z", "2026-04-12T00:00:00Z", 9, gone=9)),
    ("other", "other", reply("2026-04-01T00:00:00Z", "2026-04-02T00:00:00Z", 3, search=3)),
    (
        "newest",
        "acme",
        reply("2026-04-01T00:00:00Z", "2026-04-10T00:00:00Z", 142, payment_api=45, user_service=31),
    ),
]


def loader(environment: dict[str, str], *arguments: str) -> str:
    result = subprocess.run(
        [sys.executable, "-m", "loader", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def environment(
    own_database: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("infrasage")
    (folder / "metering.csv").write_text(METERING)
    (folder / "workers.csv").write_text(WORKERS)
    loader(own_database, "load", str(folder))
    for name, tenant, content in REPLIES:
        (folder / f"{name}.json").write_text(content)
        loader(own_database, "load", str(folder / f"{name}.json"), "--account", tenant)
    models = ["+rpt_usage_breakdown", "+dim_meters"]
    loader(own_database, "build", "--json", "--select", *models, "--exclude", "resource_type:test")
    loader(own_database, "build", "--json", "--select", "assert_breakdowns_foot")
    return own_database


def ask(environment: dict[str, str], *arguments: str) -> dict[str, Any]:
    period = ("--since", "2026-04-01T00:00:00Z", "--until", "2026-04-10T00:00:00+00:00")
    document = loader(environment, "breakdown", "--json", *period, *arguments)
    answer: dict[str, Any] = json.loads(document)
    assert answer.pop("period") == {"start": "2026-04-01T00:00:00Z", "end": "2026-04-10T00:00:00Z"}
    return answer


def test_services_are_the_vendor_s_reply_and_what_does_not_foot(
    environment: dict[str, str],
) -> None:
    assert ask(environment, "--group-by", "service_id", "--tenant", "acme") == {
        "breakdown": [
            {"service_id": "payment-api", "events": 45, "bytes": 450},
            {"service_id": "user-service", "events": 31, "bytes": 310},
        ],
        "total_events": 142,
        "total_bytes": 1420,
        "unattributed": {"events": 66, "bytes": 660},
        "metered_events": 2 * LARGEST + 5,
        "metered_bytes": 2 * LARGEST + 50,
    }


def test_services_by_tenant_leave_each_tenant_its_own_rest(environment: dict[str, str]) -> None:
    answer = ask(environment, "--group-by", "tenant", "--group-by", "service_id")
    assert answer["breakdown"] == [
        {"tenant": "acme", "service_id": "payment-api", "events": 45, "bytes": 450},
        {"tenant": "acme", "service_id": "user-service", "events": 31, "bytes": 310},
        {"tenant": "other", "service_id": "search", "events": 3, "bytes": 30},
    ]
    assert answer["unattributed_breakdown"] == [{"tenant": "acme", "events": 66, "bytes": 660}]
    assert (answer["total_events"], answer["unattributed"]["events"]) == (145, 66)


def test_hours_no_reply_covers_are_metered_and_unattributed(environment: dict[str, str]) -> None:
    arguments = ("--since", "2026-03-31", "--until", "2026-04-11", "--group-by", "service_id")
    answer = json.loads(loader(environment, "breakdown", "--json", *arguments))
    assert answer["total_events"] == 142 + 3 + 1000 + 7
    assert answer["unattributed"]["events"] == 66 + 1000 + 7
    assert answer["metered_events"] == 2 * LARGEST + 5 + 3 + 1000 + 7


def test_a_reply_that_reaches_beyond_the_period_is_named_and_not_cut(
    environment: dict[str, str],
) -> None:
    arguments = ("--since", "2026-04-02", "--until", "2026-04-11", "--group-by", "service_id")
    result = subprocess.run(
        [sys.executable, "-m", "loader", "breakdown", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (
        0,
        "service_id    events  bytes\nunattributed  12      50\ntotal         12      50\n",
    )
    assert result.stderr.startswith("note: 1 breakdown reply reaches beyond the period")


def test_event_types_are_exact_beyond_a_bigint(environment: dict[str, str]) -> None:
    assert ask(environment, "--group-by", "event_type") == {
        "breakdown": [
            {"event_type": "log", "events": 2 * LARGEST, "bytes": 2 * LARGEST},
            {"event_type": "trace", "events": 5, "bytes": 50},
            {"event_type": "metric", "events": 3, "bytes": 30},
        ],
        "total_events": 2 * LARGEST + 8,
        "total_bytes": 2 * LARGEST + 80,
    }


def test_the_first_hour_belongs_to_the_period_and_the_last_instant_does_not(
    environment: dict[str, str],
) -> None:
    for since, until, events in (
        ("2026-04-09T23:00", "2026-04-10", 5),
        ("2026-04-10T01:00+02:00", "2026-04-10", 5),
        ("2026-04-10", "2026-04-10T00:00:01", 7),
        ("2026-04-10T00:00:01", "2026-04-10T01:00", 0),
    ):
        arguments = ("--since", since, "--until", until, "--group-by", "account")
        document = loader(environment, "breakdown", "--json", "--account", "acme", *arguments)
        assert json.loads(document)["total_events"] == events


def test_people_see_a_table_that_adds_up(environment: dict[str, str]) -> None:
    arguments = ("--since", "2026-04-01", "--until", "2026-04-10", "--group-by", "service_id")
    assert loader(environment, "breakdown", *arguments, "--group-by", "account") == (
        "service_id    account  events                      bytes\n"
        "payment-api   acme     45                          450\n"
        "user-service  acme     31                          310\n"
        "search        other    3                           30\n"
        "unattributed  acme     66                          660\n"
        "total                  145                         1,450\n"
        "metered                36,893,488,147,419,103,238  36,893,488,147,419,103,310\n"
    )


def test_other_sources_are_quantities_by_meter(environment: dict[str, str]) -> None:
    arguments = ("--source", "spacelift", "--group-by", "account")
    row = {"meter_id": "spacelift:worker_count", "unit": "Workers", "quantity": "7"}
    assert ask(environment, *arguments) == {
        "breakdown": [{"account": "default"} | row],
        "totals": [row],
    }


def test_the_marts_keep_replies_totals_and_metering_side_by_side(
    environment: dict[str, str],
) -> None:
    with connect_to(environment) as connection:
        rows = connection.execute(
            "select account_key, total_event_count, attributed_event_count,"
            " unattributed_event_count, metered_event_count, event_count_difference"
            " from marts.rpt_usage_breakdown_periods order by 1"
        ).fetchall()
        services = connection.execute(
            "select service_key, event_count from marts.rpt_usage_breakdown"
            " where account_key = 'acme' order by 1"
        ).fetchall()
    assert rows == [
        ("acme", 142, 76, 66, 2 * LARGEST + 5, 2 * LARGEST + 5 - 142),
        ("other", 3, 3, 0, 3, 0),
    ]
    assert services == [("payment-api", 45), ("unattributed", 66), ("user-service", 31)]
