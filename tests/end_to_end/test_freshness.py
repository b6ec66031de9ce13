"""Source freshness knows each vendor's own lag."""

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DBT = "import sys; from dbt.cli.main import dbtRunner; dbtRunner().invoke(sys.argv[1:])"


def at(age: timedelta) -> datetime:
    return (datetime.now(UTC) - age).replace(minute=0, second=0, microsecond=0)


def tecton(age: timedelta) -> str:
    return (
        '"timestamp","accountName","quantity","unit","metadata"\n'
        f'"{at(age):%Y-%m-%dT%H:%M:%SZ}","acme",1.0,"FEATURE_SERVER_NODE_HOURS","{{}}"\n'
    )


def infrasage(age: timedelta) -> str:
    return (
        "tenant_id,hour,event_type,event_count,bytes_ingested\n"
        f"acme,{at(age):%Y-%m-%d %H:%M:%S},log,1,1\n"
    )


def metronome(age: timedelta) -> str:
    event = {"transaction_id": "t", "customer_id": "c", "event_type": "e"}
    return json.dumps(event | {"timestamp": at(age).isoformat()}) + "\n"


@pytest.fixture(scope="module")
def statuses(
    own_database: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Status by export after loading usage of known ages; the other exports are never loaded."""
    folder = tmp_path_factory.mktemp("exports")
    (folder / "tecton.csv").write_text(tecton(timedelta(hours=60)))
    (folder / "infrasage.csv").write_text(infrasage(timedelta(hours=60)))
    shutil.copyfile(ROOT / "profiles.example.yml", folder / "profiles.yml")
    (folder / "events.jsonl").write_text(metronome(timedelta(hours=30)))
    for arguments in (
        ["-m", "loader", "load", str(folder)],
        ["-c", DBT, "--quiet", "source", "freshness", "--profiles-dir", str(folder)],
    ):
        subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=own_database, check=True, text=True
        )
    sources = Path(own_database["DBT_TARGET_PATH"]) / "sources.json"
    results = json.loads(sources.read_text(encoding="utf-8"))["results"]
    return {
        result["unique_id"].rpartition("usage_costs.")[2]: result["status"] for result in results
    }


def test_the_same_age_is_late_for_one_vendor_and_not_for_another(statuses: dict[str, str]) -> None:
    assert statuses == {
        "databricks.billable_usage": "pass",
        "infrasage.usage_metering": "error",
        "metronome.usage_events": "warn",
        "spacelift.run_minutes": "pass",
        "spacelift.worker_count": "pass",
        "tecton.billable_usage_v1": "pass",
        "tecton.billable_usage_v2": "pass",
    }
