"""Lines of the sample files to what they cost whom, and back to the same line of the same file."""

import json
import re
import secrets
import sys
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from databases import connect_to
from loads import INFRASAGE
from psycopg import sql
from sample_totals import SAMPLES, Usage, cost_of

from loader import cli
from loader.personal_data import masked

Run = Callable[..., tuple[int, str, str]]

RUN_MINUTES = "run_minutes_2026-10-{}_2026-10-{}.csv"
OLDER, NEWER = RUN_MINUTES.format("01", "20"), RUN_MINUTES.format("15", "31")
SANDBOX = "workspaceId=1730562984417093-usageMonth=2026-10.csv"
EVENTS = "usage_events_2026-10.jsonl"
METERING = "usage_metering_2026-10.csv"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run_main(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["loader", "--project-dir", str(SAMPLES), *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        captured = capsys.readouterr()
        return int(end.value.code or 0), captured.out, captured.err

    return run_main


def document(run: Run, *arguments: str) -> dict[str, Any]:
    code, out, err = run("trace", *arguments, "--json")
    assert (code, err) == (0, "")
    return dict(json.loads(out))


def only(run: Run, place: str) -> dict[str, Any]:
    (found,) = document(run, place)["loads"]
    return dict(found)


class Chosen(NamedTuple):
    """A line of a sample file, and what it must come to: usage, team and rule."""

    file: str
    line: int
    meter_key: str
    quantity: str
    account: str = "default"
    team: str | None = None
    rule: str | None = None


CHOSEN = {
    "databricks": Chosen(
        "databricks/workspaceId=4821930571648205-usageMonth=2026-10.csv",
        *(2, "ENTERPRISE_JOBS_COMPUTE", "64.136722222222223", "4821930571648205"),
        *("risk", "databricks-risk-scoring"),
    ),
    "tecton": Chosen(
        "tecton/v2/2026-10-02/2026-10-02-07.csv",
        *(2, "FEATURE_SERVER_NODE_HOURS", "8.0", "acme"),
        *("data-platform", "tecton-node-hours"),
    ),
    "spacelift": Chosen(
        f"spacelift/{NEWER}",
        *(3, "run_minutes.public.occupying", "27.95"),
        *("default", "growth", "spacelift-growth"),
    ),
    "infrasage": Chosen(
        f"infrasage/{METERING}", 13, "log.events", "891000", "acme-legacy", "unallocated"
    ),
    "metronome": Chosen(f"metronome/{EVENTS}", 1, "transfer", "1"),
}


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(("source", "chosen"), CHOSEN.items(), ids=CHOSEN)
def test_a_line_leads_to_its_charge_and_the_charge_back_to_the_line(
    run: Run, source: str, chosen: Chosen
) -> None:
    path = SAMPLES / chosen.file
    found = only(run, f"{path}:{chosen.line}")
    meter_id = f"{source}:{chosen.meter_key}"
    (usage,) = (usage for usage in found["usage"] if usage["record"]["meter_id"] == meter_id)
    record, charge = usage["record"], (usage["charge"] or {}).get("charge")
    assert usage["fate"] == "counts"
    assert record["account_key"] == chosen.account
    assert Decimal(record["quantity"]) == Decimal(chosen.quantity)
    day = date.fromisoformat(record["usage_start_at"][:10])
    cost = cost_of(Usage(source, chosen.meter_key, day, chosen.account, Decimal(chosen.quantity)))
    if cost is None:
        assert charge is None
        back = document(run, "--usage", record["usage_id"])
    else:
        assert Decimal(charge["effective_cost"]) == cost
        assert (charge["team"], charge["rule_id"]) == (chosen.team, chosen.rule)
        assert (charge["owner_fix"] is None) == (chosen.rule is not None)
        back = document(run, "--charge", charge["charge_id"][:13])
    text = path.read_text(encoding="utf-8").splitlines()
    is_csv = path.suffix == ".csv"
    assert (back["load"]["uri"], back["line"]) == (path.as_uri(), chosen.line)
    assert back["original"] == {
        "header": text[0] if is_csv else None,
        "text": masked(text[chosen.line - 1]),
        "rebuilt_because": None,
    }
    assert [back["usage"], back["raw"]] == [[usage], found["raw"]]


def line_of(path: Path, beginning: str) -> int:
    """Return the first line that begins like this."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.startswith(beginning))


@pytest.mark.usefixtures("built")
def test_of_overlapping_windows_the_newer_owns_the_hour(run: Run) -> None:
    hour = "1792022400,"
    older = only(run, f"{OLDER}:{line_of(SAMPLES / 'spacelift' / OLDER, hour)}")
    newer = only(run, f"{NEWER}:{line_of(SAMPLES / 'spacelift' / NEWER, hour)}")
    (superseded,), (counting,) = older["usage"], newer["usage"]
    assert superseded["fate"] == "superseded"
    assert "usage_id" not in superseded["record"]
    assert superseded["decision"] == {
        "load_id": older["load"]["load_id"],
        "file_name": OLDER,
        "export_name": "spacelift.run_minutes",
        "status": "superseded",
        "decision": "superseded",
        "reason": "newer export",
        "superseded_by": newer["load"]["load_id"],
        "superseded_by_file": NEWER,
    }
    assert (counting["fate"], counting["decision"]["decision"]) == ("counts", "restates")
    assert counting["others"] == [superseded["decision"]]
    out = run("trace", f"{NEWER}:{newer['line']}")[1]
    assert f"counts: restates this hour of load {older['load']['load_id']} ({OLDER})" in out


@pytest.mark.usefixtures("built")
def test_version_2_of_an_hour_supersedes_version_1(run: Run) -> None:
    of_both = document(run, "2026-10-02-07.csv:2")["loads"]
    newer, older = of_both
    assert [found["load"]["export"] for found in of_both] == [
        "tecton.billable_usage_v2",
        "tecton.billable_usage_v1",
    ]
    assert [usage["fate"] for found in of_both for usage in found["usage"]] == [
        "counts",
        "superseded",
    ]
    (superseded,) = older["usage"]
    assert superseded["decision"]["reason"] == "better export of the same usage"
    assert superseded["decision"]["superseded_by"] == newer["load"]["load_id"]
    (first_day,) = only(run, "v1/2026-10-01/2026-10-01-07.csv:2")["usage"]
    assert first_day["decision"]["decision"] == "only load"


@pytest.mark.usefixtures("built")
def test_an_event_sent_twice_leads_to_the_one_that_counts(run: Run) -> None:
    text = (SAMPLES / "metronome" / EVENTS).read_text(encoding="utf-8").splitlines()
    key = json.loads(text[1593])["transaction_id"]
    first = next(number for number, line in enumerate(text, 1) if key in line)
    found = only(run, f"{EVENTS}:1594")
    (usage,) = found["usage"]
    assert usage["fate"] == "duplicate"
    load_id = found["load"]["load_id"]
    assert usage["instead"] == {"load_id": load_id, "file_name": EVENTS, "line": first}
    out = run("trace", f"{EVENTS}:1594")[1]
    assert f"duplicate of the event at {EVENTS}:{first} (load {load_id})" in out


@pytest.mark.usefixtures("built")
def test_a_row_written_twice_is_a_copy_of_the_first(run: Run) -> None:
    text = (SAMPLES / "databricks" / SANDBOX).read_text(encoding="utf-8").splitlines()
    copies = [number for number, line in enumerate(text, 1) if line in text[: number - 1]]
    assert len(copies) == 12
    for line in copies:
        (usage,) = only(run, f"{SANDBOX}:{line}")["usage"]
        assert (usage["fate"], usage["instead"]["line"]) == ("copy", text.index(text[line - 1]) + 1)
    first = text.index(text[copies[-1] - 1]) + 1
    assert f"copy of line {first} of the same file" in run("trace", f"{SANDBOX}:{copies[-1]}")[1]


@pytest.mark.usefixtures("built")
def test_what_has_no_price_or_team_comes_with_its_fix(run: Run) -> None:
    out = run("trace", f"{METERING}:7")[1]
    assert "no price holds: its cost is unknown" in out
    assert "seeds/prices.csv: infrasage:slo.events-2026-10-01,infrasage:slo.events,,,USD," in out
    out = run("trace", f"{METERING}:13")[1]
    assert "unallocated: no rule matches" in out
    assert "seeds/attribution_rules.csv: own-acme-legacy,90,infrasage,account_key," in out


def test_a_fixed_charge_leads_to_its_row_of_the_seed(run: Run, built: dict[str, str]) -> None:
    with connect_to(built) as connection:
        row = connection.execute(
            "select charge_id::text, effective_cost from marts.fct_charges"
            " where fixed_charge_id = 'demo-tecton-platform-2026-10' and charge_date = '2026-10-10'"
        ).fetchone()
    assert row is not None
    found = document(run, "--charge", row[0])
    assert Decimal(found["charge"]["effective_cost"]) == row[1]
    assert (found["charge"]["team"], found["charge"]["rule_id"]) == (
        "data-platform",
        "tecton-platform-fee",
    )
    seed = found["seed"]
    assert (seed["fixed_charge_id"], seed["amount"]) == ("demo-tecton-platform-2026-10", "2450")
    out = run("trace", "--charge", row[0])[1]
    assert [line.split()[0] for line in out.splitlines() if not line.startswith(" ")] == [
        *("team", "charge", "seed")
    ]


@pytest.mark.usefixtures("built")
def test_the_words_of_the_chain(run: Run) -> None:
    chosen = CHOSEN["databricks"]
    code, out, err = run("trace", f"{SAMPLES / chosen.file}:{chosen.line}")
    assert (code, err) == (0, "")
    blocks = [line.split()[0] for line in out.splitlines() if not line.startswith(" ")]
    assert blocks == ["file", "raw", "usage", "charge", "team"]
    (charge_id,) = (line.split()[-1] for line in out.splitlines() if " charge_id " in line)
    code, back, err = run("trace", "--charge", charge_id)
    assert (code, err) == (0, "")
    blocks = [line.split()[0] for line in back.splitlines() if not line.startswith(" ")]
    assert blocks == ["team", "charge", "usage", "raw", "file", "text"]
    # The same facts in both directions, and the text besides.
    words = [{" ".join(line.split()[-2:]) for line in text.splitlines()} for text in (out, back)]
    assert words[0] - words[1] == set()


@pytest.mark.usefixtures("built")
def test_the_documented_output_is_what_is_printed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (SAMPLES.parent / "docs" / "numbers.md").read_text(encoding="utf-8")
    command, *documented = text.split("```\n$ ")[1].split("\n```")[0].splitlines()
    monkeypatch.chdir(SAMPLES.parent)
    code, out, err = run(*command.split()[1:])
    assert (code, err) == (0, "")
    # When and where it was loaded, and under which number, is another matter each time.
    elsewhere = r"load +\d+, loaded .* UTC|load \d+|file://.*(?=/samples)"
    assert [re.sub(elsewhere, "", line) for line in out.splitlines()] == [
        re.sub(elsewhere, "", line) for line in documented
    ]


@pytest.fixture
def copied(built: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection]:
    """A connection to a copy of the sample month, which a test may spoil."""
    name = f"loader_test_{secrets.token_hex(6)}"
    with connect_to(built | {"PGDATABASE": "postgres"}) as connection:
        statement = sql.SQL("create database {} template {}")
        names = sql.Identifier(name), sql.Identifier(built["PGDATABASE"])
        connection.execute(statement.format(*names))
        monkeypatch.setenv("PGDATABASE", name)
        with connect_to(built | {"PGDATABASE": name}) as copy:
            yield copy
        drop = sql.SQL("drop database {} with (force)")
        connection.execute(drop.format(sql.Identifier(name)))


REPLY = (
    '{"period":{"start":"2026-10-01T00:00:00Z","end":"2026-10-02T00:00:00Z"},"breakdown":['
    '{"service_id":"a","events":1,"bytes":1}],"total_events":1,"total_bytes":1}'
)
FAR = '{"transaction_id":"x","customer_id":"c","timestamp":"2999-01-01T00:00:00Z","event_type":"e"}'


@pytest.mark.usefixtures("copied")
def test_what_was_loaded_after_the_build_says_that_it_is_not_built(
    run: Run, tmp_path: Path
) -> None:
    files = {
        "new.csv": f"{INFRASAGE}acme-prod,2026-10-01 00:00:00,log,1,1\n",
        "reply.json": REPLY,
        "far.jsonl": FAR,
        SANDBOX: "\n".join(
            (SAMPLES / "databricks" / SANDBOX).read_text(encoding="utf-8").splitlines()[:3]
        ),
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
        assert run("load", str(tmp_path / name))[0] == 0
    decisions = {
        name: run("trace", f"{tmp_path / name}:{1 if 'json' in name else 2}")[1] for name in files
    }
    said = {
        name: [line.split(maxsplit=2)[2] for line in out.splitlines() if "decision" in line]
        for name, out in decisions.items()
    }
    assert said == {name: ["not built yet: make build"] for name in files}
    replaced = run("trace", f"{SAMPLES / 'databricks' / SANDBOX}:2")[1].splitlines()
    newest = only(run, f"{tmp_path / SANDBOX}:2")["load"]["load_id"]
    (at,) = (number for number, line in enumerate(replaced) if "replaced  " in line)
    assert replaced[at].split(maxsplit=1)[1] == f"by load {newest} ({SANDBOX})"
    assert "the marts hold what was before until the next build: make build" in replaced[at + 1]


def test_a_load_withdrawn_after_the_build_is_in_the_marts_until_the_next(
    run: Run, copied: psycopg.Connection
) -> None:
    load_id = only(run, f"{EVENTS}:1")["load"]["load_id"]
    assert run("withdraw", str(load_id))[0] == 0
    out = run("trace", f"{EVENTS}:1")[1]
    assert "withdrawn       the marts hold what was before until the next build" in out
    copied.execute("delete from marts.fct_usage_hourly where load_id = %s", [load_id])
    out = run("trace", f"{EVENTS}:1")[1]
    assert "its rows are kept and count no more" in out
    assert out.splitlines()[-1].split(maxsplit=2)[2] == f"none: load {load_id} was withdrawn"


def test_marts_that_were_built_in_part_are_read_as_far_as_they_go(
    run: Run, copied: psycopg.Connection
) -> None:
    copied.execute("drop table marts.fct_charges cascade")
    (usage,) = only(run, f"{NEWER}:3")["usage"]
    assert (usage["fate"], usage["charge"], usage["role"]) == ("counts", None, "cost")
    out = run("trace", f"{NEWER}:3")[1]
    assert out.splitlines()[-1].split(maxsplit=2) == ["charge", "none", "not built yet: make build"]
