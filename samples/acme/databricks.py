"""Databricks billable usage: one file per workspace and month.

What the files show, beside ordinary usage: two node types for one cluster and hour, job clusters
and pipelines without tags, tag keys in two spellings, three spellings of the end of the hour, a
deprecated and an unknown SKU, a block of rows that is repeated, and a file that ends without a
newline.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from acme.month import DOUBLE, SPIKE_DAY, Draws, Month, at, double, is_working_day

if TYPE_CHECKING:
    from datetime import datetime

HEADER = (
    *("workspaceId", "timestamp", "clusterId", "clusterName", "clusterNodeType"),
    *("clusterOwnerUserId", "clusterCustomTags", "sku", "dbus", "machineHours"),
    *("clusterOwnerUserName", "tags"),
)
PRODUCTION, ANALYTICS, SANDBOX = "4821930571648205", "1730562984417093", "6605821947730158"

NIGHT, OFFICE, DAYTIME, ALWAYS = (1, 2, 3), range(8, 17), range(4, 21), range(24)
OWNERS = {
    "jobs@example.com": "2048813377654",
    "maria.silva@example.com": "5512098347761",
    "wei.chen@example.com": "7730144928803",
    "tomasz.nowak@example.com": "9017725534180",
}
# DBUs an hour of one node; a Photon SKU counts twice as many for the same node.
RATES = {
    "m4.xlarge": Decimal("0.75"),
    "m5d.large": Decimal("0.34"),
    "m5d.4xlarge": Decimal("2.74"),
    "i3.xlarge": Decimal("1.00"),
    "c5.2xlarge": Decimal("1.21"),
    "c5.4xlarge": Decimal("2.42"),
    "r5d.2xlarge": Decimal("2.04"),
    "db.xlarge": Decimal("12.00"),
    "db.2xlarge": Decimal("24.00"),
    "gp.small": Decimal("20.00"),
    "serverless": Decimal("6.00"),
}
ENDINGS = {
    PRODUCTION: ("59.999Z",),
    ANALYTICS: ("59.999Z",),
    SANDBOX: ("59Z", "59.000Z"),
}
REPEATED_BLOCK = slice(40, 52)
FULL_HOUR = 3600


@dataclass(frozen=True)
class Cluster:
    """A cluster or warehouse: when it runs, on which nodes, and what it is tagged with."""

    workspace: str
    key: str
    name: str
    sku: str
    nodes: tuple[tuple[str, int], ...]
    hours: range | tuple[int, ...]
    owner: str = "jobs@example.com"
    custom: dict[str, str] = field(default_factory=dict)
    default: dict[str, str] = field(default_factory=dict)
    weekends: bool = False
    job: str = ""
    days: tuple[int, ...] = ()


CLUSTERS = (
    Cluster(
        *(PRODUCTION, "0914-063211-hazel118", "Payments Streaming (prod)"),
        *("ENTERPRISE_JOBS_COMPUTE", (("r5d.2xlarge", 14),), range(2, 22)),
        custom={"team": "payments", "env": "prod"},
        weekends=True,
    ),
    Cluster(
        *(PRODUCTION, "", "", "ENTERPRISE_JOBS_COMPUTE", (("m5d.large", 1), ("c5.4xlarge", 58))),
        NIGHT,
        weekends=True,
        job="88412",
    ),
    Cluster(
        *(PRODUCTION, "", "", "ENTERPRISE_JOBS_COMPUTE_(PHOTON)"),
        *((("m5d.large", 1), ("i3.xlarge", 22)), (0, 6, 12, 18)),
        default={"RunName": "search-indexing", "JobId": "90177"},
        weekends=True,
        job="90177",
    ),
    Cluster(
        *(PRODUCTION, "1001-101500-plpipe7", "dlt-execution-3f2b9c54-7d18-4e0a-9a6b-52c1d0e8f7a3"),
        *("ENTERPRISE_DLT_PRO_COMPUTE_(PHOTON)", (("m5d.4xlarge", 5),), range(5, 13)),
        weekends=True,
    ),
    Cluster(
        *(PRODUCTION, "8e00f0c8b392983e", "Growth BI"),
        *("ENTERPRISE_SQL_PRO_COMPUTE_US_EAST_N_VIRGINIA", (("db.2xlarge", 1),), range(7, 18)),
        owner="wei.chen@example.com",
        custom={"SqlEndpointId": "8e00f0c8b392983e"},
    ),
    Cluster(
        *(PRODUCTION, "c41a77e09d2b5f36", "Payments Ledger Reports"),
        *("ENTERPRISE_SERVERLESS_SQL_COMPUTE_US_EAST_N_VIRGINIA", (("db.xlarge", 1),), (5, 6)),
        owner="tomasz.nowak@example.com",
        custom={"Team": "Payments"},
        default={"SqlEndpointId": "c41a77e09d2b5f36"},
        weekends=True,
    ),
    Cluster(
        *(PRODUCTION, "0822-141903-quark542", "Squad42  R&D", "ENTERPRISE_ALL_PURPOSE_COMPUTE"),
        *((("m4.xlarge", 8),), OFFICE),
        owner="tomasz.nowak@example.com",
        custom={"env": "dev"},
    ),
    Cluster(
        *(PRODUCTION, "", "", "ENTERPRISE_JOBS_COMPUTE", (("m5d.large", 1), ("m5d.4xlarge", 210))),
        range(9, 19),
        custom={"team": "data-platform", "purpose": "backfill"},
        job="77120",
        days=(SPIKE_DAY,),
    ),
    Cluster(
        *(ANALYTICS, "0703-080011-tulip301", "Growth Notebooks [shared]"),
        *("PREMIUM_ALL_PURPOSE_COMPUTE", (("i3.xlarge", 1), ("c5.2xlarge", 19)), OFFICE),
        owner="wei.chen@example.com",
        custom={"Team": "Growth", "CostCenter": "CC-1110"},
    ),
    Cluster(
        *(ANALYTICS, "0911-120233-lemma77", "Data Science (risk), GPU-free"),
        *("PREMIUM_ALL_PURPOSE_COMPUTE_(PHOTON)", (("i3.xlarge", 1), ("c5.2xlarge", 5)), OFFICE),
        owner="tomasz.nowak@example.com",
        custom={"team": "risk", "dataset": "chargebacks"},
    ),
    Cluster(
        *(ANALYTICS, "1f7d3a920be8c645", "Finance dashboards"),
        *("PREMIUM_SQL_PRO_COMPUTE_US_EAST_N_VIRGINIA", (("db.xlarge", 1),), range(7, 16)),
        owner="wei.chen@example.com",
        custom={"team": "finance"},
        default={"SqlEndpointId": "1f7d3a920be8c645"},
    ),
    Cluster(
        *(ANALYTICS, "serving-90be41", "search-ranking-v3"),
        "PREMIUM_SERVERLESS_REAL_TIME_INFERENCE_US_EAST_N_VIRGINIA",
        *((("gp.small", 3),), range(9, 19)),
        default={"ModelName": "ranking", "ModelStage": "Production"},
        weekends=True,
    ),
    Cluster(
        *(ANALYTICS, "", "", "PREMIUM_JOBS_SERVERLESS_COMPUTE_US_EAST_N_VIRGINIA"),
        *((("serverless", 2),), (4, 5)),
        weekends=True,
        job="95533",
    ),
    Cluster(
        *(ANALYTICS, "", "", "PREMIUM_JOBS_LIGHT_COMPUTE", (("m4.xlarge", 2),), (23,)),
        custom={"team": "growth", "dag_id": "daily_export"},
        weekends=True,
        job="61004",
    ),
    Cluster(
        *(SANDBOX, "0402-152233-oldpipe9", "legacy pipeline"),
        *("PREMIUM_ALL_PURPOSE_COMPUTE_(DLT)", (("m4.xlarge", 3),), (6, 7, 8)),
        owner="tomasz.nowak@example.com",
        custom={"team": "platform"},
    ),
    Cluster(
        *(SANDBOX, "0928-091544-crest204", "Maria Silva's Cluster", "PREMIUM_ALL_PURPOSE_COMPUTE"),
        *((("i3.xlarge", 4),), OFFICE),
        owner="maria.silva@example.com",
        custom={"ResourceClass": "SingleNode"},
    ),
    Cluster(
        *(SANDBOX, "", "Datahub (CI/CD)", "PREMIUM_JOBS_COMPUTE_(PHOTON)", (("m5d.large", 12),)),
        range(6, 19),
        custom={"team": "platform", "owner": "ci"},
        job="70018",
    ),
    Cluster(
        *(SANDBOX, "1002-110200-merge61", "dlt-execution-a81c40f7-0d3e-4b52-8c19-6e7f5a90b2d4"),
        *("PREMIUM_JOBS_COMPUTE", (("m4.xlarge", 6),), (10, 11)),
    ),
)


def files(month: Month, seed: int) -> dict[str, str]:
    """The month's files by their path."""
    result = {}
    for workspace in (PRODUCTION, ANALYTICS, SANDBOX):
        rows = _workspace_rows(workspace, month, seed)
        if workspace == ANALYTICS:
            rows += rows[REPEATED_BLOCK]
        text = _csv(rows)
        if workspace == SANDBOX:
            text = text.removesuffix("\n")
        result[f"databricks/workspaceId={workspace}-usageMonth={month.name}.csv"] = text
    return result


def _workspace_rows(workspace: str, month: Month, seed: int) -> list[list[str]]:
    """The usage of one workspace in the order of time."""
    rows = []
    for cluster in CLUSTERS:
        if cluster.workspace == workspace:
            draws = Draws(seed, f"databricks {cluster.name or cluster.job}")
            for day in month.days:
                if _runs(cluster, day.day, working=is_working_day(day)):
                    run = _started(cluster, at(day, cluster.hours[0]), draws)
                    for hour in cluster.hours:
                        rows += _hour_rows(run, at(day, hour), draws)
    if workspace == PRODUCTION:
        rows += _month_edges(month, seed)
    return sorted(rows, key=lambda row: (row[1][:13], row[2], row[4]))


def _runs(cluster: Cluster, day: int, *, working: bool) -> bool:
    """Whether the cluster runs on a day of the month."""
    if cluster.days:
        return day in cluster.days
    return working or cluster.weekends


def _started(cluster: Cluster, start: datetime, draws: Draws) -> Cluster:
    """The cluster itself, or for a job the cluster made for this day's run."""
    if not cluster.job:
        return cluster
    word = draws.one_of(("brawl", "clasp", "gnome", "lakes", "mooed", "swing", "vague"))
    return replace(
        cluster,
        key=f"{start:%m%d-%H}{draws.integer(1000, 5959)}-{word}{draws.integer(100, 999)}",
        name=cluster.name or f"job-{cluster.job}-run-{draws.integer(100000, 999999)}",
    )


def _hour_rows(cluster: Cluster, start: datetime, draws: Draws) -> list[list[str]]:
    """One row for each node type that ran in the hour."""
    seconds = FULL_HOUR if draws.chance(30) else draws.integer(1500, FULL_HOUR - 1)
    custom, every = _tags(cluster, draws)
    ending = draws.one_of(ENDINGS[cluster.workspace])
    rows = []
    for node_type, count in cluster.nodes:
        nodes = count if count == 1 else max(draws.around(count), 1)
        machine_hours = DOUBLE.divide(Decimal(nodes * seconds), Decimal(FULL_HOUR))
        rate = RATES[node_type] * (2 if "PHOTON" in cluster.sku else 1)
        dbus = DOUBLE.multiply(machine_hours, rate)
        rows.append(
            [
                *(cluster.workspace, f"{start:%Y-%m-%dT%H}:59:{ending}", cluster.key, cluster.name),
                *(node_type, OWNERS[cluster.owner], custom, cluster.sku),
                *(double(dbus), double(machine_hours), cluster.owner, every),
            ]
        )
    return rows


def _tags(cluster: Cluster, draws: Draws) -> tuple[str, str]:
    """The custom tags, and all tags; clusters without either, as exported for old jobs, have {}."""
    if not cluster.custom and not cluster.default:
        return "{}", "{}"
    default = {"Vendor": "Databricks", "ClusterId": cluster.key, "Creator": cluster.owner}
    separators = (", ", ":") if draws.chance(15) else (",", ":")
    every = {**cluster.custom, **default, **cluster.default}
    return (
        json.dumps(cluster.custom, separators=separators),
        json.dumps(every, separators=separators),
    )


def _month_edges(month: Month, seed: int) -> list[list[str]]:
    """A scoring run in the first and in the last hour of the month."""
    draws = Draws(seed, "databricks month edges")
    scoring = next(cluster for cluster in CLUSTERS if cluster.job == "88412")
    edges = (month.hours[0], month.hours[-1])
    return [
        row for hour in edges for row in _hour_rows(_started(scoring, hour, draws), hour, draws)
    ]


def _csv(rows: list[list[str]]) -> str:
    """RFC 4180 with LF line ends; only fields that need them have quotes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows)
    return text.getvalue()
