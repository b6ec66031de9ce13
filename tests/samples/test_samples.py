"""The sample files are what the generator writes, and show what samples/README.md promises."""

from __future__ import annotations

import csv
import json
import os
import re
import runpy
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from sample_totals import SEEDS

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
VENDORS = ("databricks", "tecton", "spacelift", "infrasage", "metronome")
PRODUCTION, ANALYTICS, SANDBOX = (
    SAMPLES / f"databricks/workspaceId={workspace}-usageMonth=2026-10.csv"
    for workspace in ("4821930571648205", "1730562984417093", "6605821947730158")
)
OLDER = SAMPLES / "spacelift/run_minutes_2026-10-01_2026-10-20.csv"
NEWER = SAMPLES / "spacelift/run_minutes_2026-10-15_2026-10-31.csv"
METERS = SAMPLES / "infrasage/usage_metering_2026-10.csv"
EVENTS = SAMPLES / "metronome/usage_events_2026-10.jsonl"


def generate(*options: str, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SAMPLES / "generate.py"), *options]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines, strict=True))


def databricks() -> list[dict[str, str]]:
    return [row for path in (PRODUCTION, ANALYTICS, SANDBOX) for row in rows(path)]


def events() -> list[dict[str, object]]:
    lines = EVENTS.read_text(encoding="utf-8").splitlines()
    return [json.loads(line, parse_float=Decimal) for line in lines]


def tecton(version: str) -> dict[str, list[dict[str, str]]]:
    return {path.name: rows(path) for path in sorted(SAMPLES.glob(f"tecton/{version}/*/*.csv"))}


def header(path: Path) -> str:
    return path.read_text(encoding="utf-8").split("\n", 1)[0]


def test_committed_files_are_what_the_generator_writes() -> None:
    result = generate("--check")
    assert (result.returncode, result.stderr) == (0, "")


def test_check_names_a_file_that_differs(tmp_path: Path) -> None:
    assert generate("--out", str(tmp_path)).returncode == 0
    changed = tmp_path / "spacelift/worker_count.csv"
    changed.write_bytes(changed.read_bytes() + b"\n")
    result = generate("--check", "--out", str(tmp_path))
    assert result.returncode == 1
    assert result.stderr == f"{changed}: differs from what the generator writes\n"


def test_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    out = str(tmp_path)
    assert generate("--out", out, "--month", "2026-02", hash_seed="1").returncode == 0
    assert generate("--check", "--out", out, "--month", "2026-02", hash_seed="2").returncode == 0
    other = generate("--check", "--out", out, "--month", "2026-02", "--seed", "1")
    assert other.returncode == 1


def test_samples_stay_small() -> None:
    files = [path for vendor in VENDORS for path in (SAMPLES / vendor).rglob("*") if path.is_file()]
    assert len(files) <= 200
    assert sum(path.stat().st_size for path in files) < 5_000_000


def test_no_address_outside_example_com() -> None:
    for vendor in VENDORS:
        for path in (SAMPLES / vendor).rglob("*.*sv"):
            assert set(re.findall(r"@[\w.]+", path.read_text(encoding="utf-8"))) <= {"@example.com"}
    assert set(re.findall(r"@[\w.]+", EVENTS.read_text(encoding="utf-8"))) == {"@example.com"}


def test_databricks_header_and_line_ends() -> None:
    for path in (PRODUCTION, ANALYTICS, SANDBOX):
        assert header(path) == (
            "workspaceId,timestamp,clusterId,clusterName,clusterNodeType,clusterOwnerUserId,"
            "clusterCustomTags,sku,dbus,machineHours,clusterOwnerUserName,tags"
        )
        assert b"\r" not in path.read_bytes()
    endings = [path.read_bytes().endswith(b"\n") for path in (PRODUCTION, ANALYTICS, SANDBOX)]
    assert endings == [True, True, False]


def test_databricks_hours_end_in_three_spellings_and_span_the_month() -> None:
    spellings = [
        {row["timestamp"][13:] for row in rows(path)} for path in (PRODUCTION, ANALYTICS, SANDBOX)
    ]
    assert spellings == [{":59:59.999Z"}, {":59:59.999Z"}, {":59:59Z", ":59:59.000Z"}]
    stamps = [row["timestamp"] for row in rows(PRODUCTION)]
    assert min(stamps) == "2026-10-01T00:59:59.999Z"
    assert max(stamps) == "2026-10-31T23:59:59.999Z"


def test_databricks_has_two_node_types_in_a_cluster_hour() -> None:
    hours = Counter((row["clusterId"], row["timestamp"], row["sku"]) for row in rows(PRODUCTION))
    assert hours.most_common(1)[0][1] == 2


def test_databricks_tags_are_bare_braces_or_quoted_json() -> None:
    text = ANALYTICS.read_text(encoding="utf-8")
    assert ",{},PREMIUM_" in text
    assert '"{""team"":""risk"",""dataset"":""chargebacks""}"' in text
    assert '"{""team"":""risk"", ""dataset"":""chargebacks""}"' in text
    assert '"{}"' not in text
    keys = {key for row in databricks() for key in json.loads(row["tags"])}
    assert {"team", "Team", "SqlEndpointId", "JobId"} <= keys
    for row in databricks():
        assert json.loads(row["clusterCustomTags"]).items() <= json.loads(row["tags"]).items()


def test_databricks_has_clusters_without_tags_and_odd_names() -> None:
    untagged = {row["clusterName"] for row in databricks() if row["tags"] == "{}"}
    assert any(re.fullmatch(r"job-\d+-run-\d+", name) for name in untagged)
    assert any(re.fullmatch(r"dlt-execution-[0-9a-f-]{36}", name) for name in untagged)
    names = {row["clusterName"] for row in databricks()}
    assert {"Squad42  R&D", "Growth Notebooks [shared]", "Datahub (CI/CD)"} <= names


def test_databricks_has_photon_deprecated_and_unknown_skus() -> None:
    used = {row["sku"] for row in databricks()}
    declared = {row["meter_key"]: row for row in rows(SEEDS / "meters.csv")}
    assert used - set(declared) == {"PREMIUM_JOBS_SERVERLESS_COMPUTE_US_EAST_N_VIRGINIA"}
    deprecated = {sku for sku in used & set(declared) if "Deprec" in declared[sku]["description"]}
    assert deprecated == {"PREMIUM_ALL_PURPOSE_COMPUTE_(DLT)"}
    assert "PREMIUM_ALL_PURPOSE_COMPUTE_(PHOTON)" in used


def test_databricks_numbers_have_up_to_17_digits_and_fit_18_decimals() -> None:
    numbers = [row[name] for row in databricks() for name in ("dbus", "machineHours")]
    assert all(re.fullmatch(r"\d+\.\d{1,18}", number) for number in numbers)
    assert max(len(Decimal(number).as_tuple().digits) for number in numbers) == 17
    assert all(Decimal(number) > 0 for number in numbers)


def test_databricks_repeats_one_block_and_nothing_else() -> None:
    lines = ANALYTICS.read_text(encoding="utf-8").splitlines()
    repeated = [line for line, count in Counter(lines).items() if count == 2]
    assert (len(repeated), lines[-12:]) == (12, repeated)
    for path in (PRODUCTION, SANDBOX):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(set(lines)) == len(lines)


def test_tecton_headers_are_quoted_and_differ_in_order() -> None:
    for path in SAMPLES.glob("tecton/v1/*/*.csv"):
        assert header(path) == (
            '"accountName","workspace","timestamp","tectonObjectName","quantity","unit"'
        )
    for path in SAMPLES.glob("tecton/v2/*/*.csv"):
        assert header(path) == '"timestamp","accountName","quantity","unit","metadata"'


def test_tecton_versions_overlap_from_the_second_to_the_fifth() -> None:
    v1, v2 = tecton("v1"), tecton("v2")
    assert {name[:10] for name in v1} == {f"2026-10-0{day}" for day in range(1, 6)}
    assert {name[:10] for name in v2} == {f"2026-10-{day:02d}" for day in range(2, 32)}
    assert {name for name in v1 if name[:10] != "2026-10-01"} == {
        name for name in v2 if name[:10] <= "2026-10-05"
    }
    units = {row["unit_v1"]: row["unit_v2"] for row in rows(SEEDS / "tecton_units.csv")}
    for name in v1.keys() & v2.keys():
        assert [units[row["unit"]] for row in v1[name]] == [row["unit"] for row in v2[name]]
        for old, new in zip(v1[name], v2[name], strict=True):
            assert 0 <= int(old["quantity"]) - Decimal(new["quantity"]) < 1


def test_tecton_files_hold_the_hour_of_their_name() -> None:
    for version, pattern in (("v1", "{} {}:00:00 UTC"), ("v2", "{}T{}:00:00Z")):
        for name, content in tecton(version).items():
            assert {row["timestamp"] for row in content} == {pattern.format(name[:10], name[11:13])}


def test_tecton_node_hours_know_only_a_region_and_identical_rows_occur() -> None:
    every = [row for content in tecton("v2").values() for row in content]
    node_hours = [
        set(json.loads(row["metadata"]))
        for row in every
        if row["unit"] == "FEATURE_SERVER_NODE_HOURS"
    ]
    assert node_hours
    assert all(keys == {"region"} for keys in node_hours)
    keys = {key for row in every for key in json.loads(row["metadata"])}
    assert {"tecton_object_name", "tectonObjectName", "tecton_job_id", "tags"} <= keys
    assert max(Counter(tuple(row.items()) for row in every).values()) == 2


def test_tecton_has_several_jobs_of_one_object_in_an_hour() -> None:
    def owner(row: dict[str, str]) -> tuple[str, str, str]:
        return row["timestamp"], row["unit"], json.loads(row["metadata"]).get("workspace", "")

    jobs = Counter(
        owner(row)
        for content in tecton("v2").values()
        for row in content
        if row["unit"] == "TECTON_JOB_COMPUTE_HOURS"
    )
    assert max(jobs.values()) == 2


def test_spacelift_counts_workers_without_zero_rows() -> None:
    path = SAMPLES / "spacelift/worker_count.csv"
    assert header(path) == "ID,Count,TimestampUnix,WorkerPoolName"
    counts = rows(path)
    assert all(int(row["Count"]) > 0 and int(row["TimestampUnix"]) % 3600 == 0 for row in counts)
    assert Counter(row["WorkerPoolName"] for row in counts) == {
        "private-prod": 31 * 24,
        "private-dev": 22 * 14,
    }


def test_spacelift_run_minutes_are_mostly_waiting_and_never_zero() -> None:
    states = {
        row["run_state"]: row["holds_worker"] for row in rows(SEEDS / "spacelift_run_states.csv")
    }
    for path in (OLDER, NEWER):
        assert header(path) == (
            "TimestampUnix,StateDurationMinutes,Public,RunState,RunType,RunULID,StackName,"
            "StackSlug,StackULID,IsStack,WorkerPoolName,WorkerPoolULID"
        )
        minutes = rows(path)
        assert all(0 < Decimal(row["StateDurationMinutes"]) <= 60 for row in minutes)
        holding = Counter(states[row["RunState"]] for row in minutes)
        assert holding["false"] > holding["true"]


def test_spacelift_public_runs_have_no_pool_and_modules_are_not_stacks() -> None:
    for row in rows(OLDER):
        assert (row["Public"] == "true") == (row["WorkerPoolName"] == row["WorkerPoolULID"] == "")
        assert (row["IsStack"] == "false") == row["StackSlug"].startswith("terraform-")
        assert {row["Public"], row["IsStack"]} <= {"true", "false"}
        assert len(row["RunULID"]) == len(row["StackULID"]) == 26
    assert {row["Public"] for row in rows(OLDER)} == {"true", "false"}
    assert {row["IsStack"] for row in rows(OLDER)} == {"true", "false"}


def test_spacelift_newer_export_restates_values_and_adds_one_row() -> None:
    def by_key(path: Path) -> dict[tuple[str, str, str], str]:
        keyed = {
            (row["TimestampUnix"], row["RunULID"], row["RunState"]): row["StateDurationMinutes"]
            for row in rows(path)
        }
        assert len(keyed) == len(rows(path))
        return keyed

    older, newer = by_key(OLDER), by_key(NEWER)
    first, last = min(newer)[0], max(older)[0]
    in_older = {key for key in older if key[0] >= first}
    in_newer = {key for key in newer if key[0] <= last}
    assert len(in_newer - in_older) == 1
    assert not in_older - in_newer
    restated = [key for key in in_older if older[key] != newer[key]]
    assert 10 < len(restated) < len(in_older) // 10
    # Every hour both cover shares a record, so the newer export owns the whole hour.
    assert {key[0] for key in in_newer} == {key[0] for key in in_older & in_newer}


def test_infrasage_counters_are_unmerged_and_exceed_a_bigint() -> None:
    assert header(METERS) == "tenant_id,hour,event_type,event_count,bytes_ingested"
    counters = rows(METERS)
    assert all(re.fullmatch(r"2026-10-\d\d \d\d:00:00", row["hour"]) for row in counters)
    slots = Counter((row["tenant_id"], row["hour"], row["event_type"]) for row in counters)
    assert max(slots.values()) >= 2
    largest = max(int(row["bytes_ingested"]) for row in counters)
    assert 2**63 < largest < 2**64
    assert {row["event_type"] for row in counters} == {
        *("metric", "log", "trace"),
        *("event", "profile", "slo"),
    }


def test_metronome_first_event_and_its_repetitions() -> None:
    seen: dict[str, dict[str, object]] = {}
    kinds: Counter[str] = Counter()
    for event in events():
        first = seen.setdefault(str(event["transaction_id"]), event)
        if first is not event:
            kinds["same" if first == event else "other payload"] += 1
            assert (first["timestamp"], first["event_type"]) == (
                event["timestamp"],
                event["event_type"],
            )
    assert kinds["same"] > kinds["other payload"] > 0


def test_metronome_times_and_numbers_come_in_several_spellings() -> None:
    endings = {re.sub(r".*T\d\d:\d\d:\d\d", "", str(event["timestamp"])) for event in events()}
    assert endings == {"Z", ".000Z", ".597Z", "+00:00"}
    kinds = {
        (name, type(value))
        for event in events()
        if isinstance(properties := event["properties"], dict)
        for name, value in properties.items()
    }
    assert {("bytes", str), ("response_time_ms", int), ("cpu_seconds", Decimal)} <= kinds


def test_metronome_customers_are_known_by_id_or_alias_but_one() -> None:
    customers = {row["customer_id"] for row in rows(SEEDS / "metronome_customers.csv")}
    aliases = {row["ingest_alias"] for row in rows(SEEDS / "metronome_customer_aliases.csv")}
    used = {event["customer_id"] for event in events()}
    assert used - customers - aliases == {"acct-99999"}
    assert used >= customers | aliases


def test_month_costs_a_believable_amount_and_leaves_two_meters_unpriced() -> None:
    totals = runpy.run_path(str(ROOT / "tests/sample_totals.py"))
    costs = totals["expected_costs"]()
    assert set(costs) == {"databricks", "infrasage", "spacelift", "tecton"}
    assert 20_000 < sum(costs.values()) < 60_000
    assert set(totals["unpriced_quantities"]()) == {
        ("databricks", "databricks:PREMIUM_JOBS_SERVERLESS_COMPUTE_US_EAST_N_VIRGINIA"),
        ("infrasage", "infrasage:slo.events"),
    }


@pytest.mark.parametrize("folder", VENDORS)
def test_every_vendor_has_a_few_thousand_rows_at_most(folder: str) -> None:
    files = [path for path in (SAMPLES / folder).rglob("*") if path.is_file()]
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)
    assert 1_500 < lines < 8_000
