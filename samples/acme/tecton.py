"""Tecton billable usage logs, versions 1 and 2: one file per hour with usage.

Version 2 starts on the second day of the month and version 1 stops after the fifth, so that one
day is covered by version 1 alone and four by both. Version 1 writes whole numbers and knows the
workspace and the object only; version 2 writes doubles and a JSON object.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

from acme.month import Draws, Month, at, double, is_working_day, load_percent

if TYPE_CHECKING:
    from datetime import datetime

ACCOUNT = "acme"
LAST_DAY_OF_V1 = 5
FIRST_DAY_OF_V2 = 2
WORKING_HOURS = (7, 9, 11, 13, 15, 17)
WEEKEND_HOURS = (9, 13, 17)
HEADER_V1 = '"accountName","workspace","timestamp","tectonObjectName","quantity","unit"\n'
HEADER_V2 = '"timestamp","accountName","quantity","unit","metadata"\n'
UNITS_V1 = {
    "FEATURE_VIEW_ONLINE_READS": "FeatureViewOnlineReads",
    "FEATURE_SERVICE_ONLINE_REQUESTS": "FeatureServiceOnlineRequests",
    "FEATURE_SERVICE_VECTORS_SERVED": "FeatureServiceVectorsServed",
    "ONLINE_WRITE_ROWS": "OnlineWriteRows",
    "OFFLINE_WRITE_ROWS": "OfflineWriteRows",
    "OFFLINE_WRITE_VALUES": "OfflineWriteValues",
    "TECTON_JOB_COMPUTE_HOURS": "TectonJobComputeHours",
    "FEATURE_SERVER_NODE_HOURS": "FeatureServerNodeHours",
    "REAL_TIME_COMPUTE_DURATION_HOURS": "RealTimeComputeDurationHours",
}


@dataclass(frozen=True)
class Workspace:
    """A Tecton workspace with one feature view and one feature service, and its size in percent."""

    name: str
    view: str
    service: str
    percent: int
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Usage:
    """One row of the log, before it is written in either version."""

    unit: str
    quantity: Decimal
    metadata: dict[str, object]


WORKSPACES = (
    Workspace(
        *("prod-fraud", "user_transaction_metrics", "fraud_detection_service", 100),
        {"team": "risk", "tier": "gold"},
    ),
    Workspace("prod-search", "query_click_counts", "ranking_service", 75),
    Workspace("prod-growth", "session_features", "churn_service", 45, {"Team": "growth"}),
    Workspace("dev-data", "experimental_aggregates", "playground", 12),
    Workspace("scratch", "notebook_view", "notebook_service", 16),
)


def files(month: Month, seed: int) -> dict[str, str]:
    """The month's files of both versions by their path."""
    draws = Draws(seed, "tecton")
    result = {}
    for day in month.days:
        for hour in WORKING_HOURS if is_working_day(day) else WEEKEND_HOURS:
            start = at(day, hour)
            usage = _hour_usage(start, draws)
            name = f"{start:%Y-%m-%d}/{start:%Y-%m-%d-%H}.csv"
            if day.day <= LAST_DAY_OF_V1:
                result[f"tecton/v1/{name}"] = HEADER_V1 + _lines_v1(start, usage)
            if day.day >= FIRST_DAY_OF_V2:
                result[f"tecton/v2/{name}"] = HEADER_V2 + _lines_v2(start, usage)
    return result


def _hour_usage(start: datetime, draws: Draws) -> list[Usage]:
    """Node hours of both regions, then each workspace; the small ones are idle in most hours."""
    percent = load_percent(start)
    usage = []
    for region, nodes in (("us-east-1", 16), ("us-east-1", 16), ("us-west-2", 9)):
        running = Decimal(max(nodes * percent // 100, 2))
        usage.append(Usage("FEATURE_SERVER_NODE_HOURS", running, {"region": region}))
    for workspace in WORKSPACES:
        if draws.chance(workspace.percent + 25):
            usage += _serving(workspace, percent, draws)
            usage += _materialization(workspace, percent, draws)
    return usage


def _serving(workspace: Workspace, percent: int, draws: Draws) -> list[Usage]:
    """Requests, vectors and reads of one workspace: one traffic, measured three times."""
    requests = draws.around(30 * workspace.percent * percent)
    service = {"workspace": workspace.name, "tectonObjectName": workspace.service}
    view = {"workspace": workspace.name, "tectonObjectName": workspace.view}
    compute = Decimal(draws.around(2 * workspace.percent * percent)) / 1000
    return [
        Usage("FEATURE_SERVICE_ONLINE_REQUESTS", Decimal(requests), service),
        Usage("FEATURE_SERVICE_VECTORS_SERVED", Decimal(requests * 4), service),
        Usage("FEATURE_VIEW_ONLINE_READS", Decimal(requests * 9), view),
        Usage(
            "REAL_TIME_COMPUTE_DURATION_HOURS",
            compute,
            {"workspace": workspace.name, "tecton_object_name": workspace.service},
        ),
    ]


def _materialization(workspace: Workspace, percent: int, draws: Draws) -> list[Usage]:
    """Jobs of one workspace and the rows they wrote; several jobs may serve one feature view."""
    owner = {"workspace": workspace.name, "tecton_object_name": workspace.view}
    tagged = {**owner, "tags": workspace.tags}
    rows = draws.around(170 * workspace.percent * percent)
    usage = [
        Usage("ONLINE_WRITE_ROWS", Decimal(rows), tagged),
        Usage("OFFLINE_WRITE_ROWS", Decimal(rows), tagged),
        Usage("OFFLINE_WRITE_VALUES", Decimal(rows * 6), tagged),
    ]
    for _ in range(draws.integer(1, 2)):
        job = {
            "tecton_job_id": draws.token("0123456789abcdef", 16),
            "instance_type": draws.one_of(("m5.xlarge", "m5.2xlarge")),
            "compute_type": draws.one_of(("RIFT", "RIFT", "EMR")),
            "job_type": draws.one_of(("BATCH_MATERIALIZATION", "STREAM_MATERIALIZATION")),
        }
        hours = Decimal(draws.around(9 * workspace.percent * percent)) / 10000
        usage.append(Usage("TECTON_JOB_COMPUTE_HOURS", hours, {**job, **tagged}))
    return usage


def _lines_v1(start: datetime, usage: list[Usage]) -> str:
    """Version 1: PascalCase units and whole numbers, rounded up."""
    lines = ""
    for row in usage:
        name = row.metadata.get("tecton_object_name") or row.metadata.get("tectonObjectName", "")
        texts = (ACCOUNT, row.metadata.get("workspace", ""), f"{start:%Y-%m-%d %H}:00:00 UTC", name)
        quantity = row.quantity.to_integral_value(ROUND_CEILING)
        lines += f"{','.join(map(_quoted, texts))},{quantity},{_quoted(UNITS_V1[row.unit])}\n"
    return lines


def _lines_v2(start: datetime, usage: list[Usage]) -> str:
    """Version 2: the time first, doubles, and everything else in a JSON object."""
    lines = ""
    for row in usage:
        head = f"{_quoted(f'{start:%Y-%m-%dT%H}:00:00Z')},{_quoted(ACCOUNT)}"
        metadata = _quoted(json.dumps(row.metadata, separators=(",", ":")))
        lines += f"{head},{double(row.quantity)},{_quoted(row.unit)},{metadata}\n"
    return lines


def _quoted(value: object) -> str:
    """A text field; the vendor puts all of them in quotes."""
    return '"' + str(value).replace('"', '""') + '"'
