"""Days of one company's Databricks usage, as the vendor writes them; the same bytes each time."""

import csv
import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

FIRST_DAY = date(2026, 10, 1)
SEEDS = Path(__file__).resolve().parent.parent / "seeds"
_HEADER = (
    "workspaceId,timestamp,clusterId,clusterName,clusterNodeType,clusterOwnerUserId,"
    "clusterCustomTags,sku,dbus,machineHours,clusterOwnerUserName,tags\n"
)
# SKUs and teams that the project's own seeds price and name, so that every step has work to do.
_SKUS_OF_JOBS = ("PREMIUM_JOBS_COMPUTE", "PREMIUM_JOBS_COMPUTE_(PHOTON)")
_SKU_OF_PEOPLE = "PREMIUM_ALL_PURPOSE_COMPUTE"
_TEAMS = ("growth", "payments", "search", "risk", "platform", "data-platform")
_NODES = ("m5d.large", "i3.xlarge", "c5.2xlarge", "m5d.2xlarge")
_SHARE_OF_PEOPLE, _SHARE_WITH_TAGS = 0.3, 0.4
_JOBS, _OWNERS = 300, 50


@dataclass
class _Cluster:
    """What a cluster's rows have in common, before and behind the amounts; hours it still runs."""

    workspace: str
    nodes: tuple[str, ...]
    middle: str
    end: str
    hours: int


def write_days(file: Path, rows: int, first_day: date, days: int) -> None:
    """Write that many rows, spread evenly over the hours of some days.

    Three of ten are of clusters that people keep running, the others of job clusters, of which
    each run has its own for one to three hours. A row is an hour of the nodes of one type, of
    which every other cluster has two. Two of five clusters carry tags. The workspaces are those
    of the accounts seed.
    """
    draws = random.Random(first_day.toordinal())  # noqa: S311  # a repeatable file, not a secret
    workspaces, hours = _workspaces(), days * 24
    kept = int(rows / hours * _SHARE_OF_PEOPLE / 1.5)
    running = [_cluster_of_people(draws, number, workspaces, hours) for number in range(kept)]
    with file.open("w", encoding="utf-8", newline="\n") as out:
        out.write(_HEADER)
        for hour in range(hours):
            begun = datetime.combine(first_day, time(), UTC) + timedelta(hours=hour)
            lines = [line for cluster in running for line in _lines(draws, begun, cluster)]
            wanted = rows * (hour + 1) // hours - rows * hour // hours
            while len(lines) < wanted:
                running.append(_cluster_of_job(draws, begun, workspaces))
                lines += _lines(draws, begun, running[-1])
            out.writelines(lines[:wanted])
            for cluster in running:
                cluster.hours -= 1
            running = [cluster for cluster in running if cluster.hours]


def _lines(draws: random.Random, hour: datetime, cluster: _Cluster) -> list[str]:
    return [
        f"{cluster.workspace},{hour:%Y-%m-%dT%H}:59:59.999Z,{cluster.middle.format(node=node)},"
        f"{draws.random() * 3!r},{draws.random() * 8!r},{cluster.end}\n"
        for node in cluster.nodes
    ]


def _cluster_of_people(
    draws: random.Random, number: int, workspaces: list[str], hours: int
) -> _Cluster:
    identity = f"0801-120000-{number:08x}", f"[Squad {number}]  R&D (CI/CD)", number
    return _cluster(draws, *identity, sku=_SKU_OF_PEOPLE, workspaces=workspaces, hours=hours)


def _cluster_of_job(draws: random.Random, hour: datetime, workspaces: list[str]) -> _Cluster:
    job, run = draws.randrange(_JOBS), draws.getrandbits(40)
    identity = f"{hour:%m%d-%H}0000-{run:010x}", f"job-{job}-run-{run}", job
    hours = draws.choice((1, 1, 1, 2, 3))
    return _cluster(
        draws, *identity, sku=_SKUS_OF_JOBS[job % 2], workspaces=workspaces, hours=hours
    )


def _cluster(  # noqa: PLR0913  # what differs between the two kinds of cluster
    draws: random.Random,
    key: str,
    name: str,
    number: int,
    *,
    sku: str,
    workspaces: list[str],
    hours: int,
) -> _Cluster:
    owner = 48317900000 + number % _OWNERS
    custom, tags = "{{}}", ""
    if draws.random() < _SHARE_WITH_TAGS:
        own = (
            f'""team"":""{_TEAMS[number % len(_TEAMS)]}"",""env"":""prod"",'
            f'""cost_center"":""cc-{number % 17}""'
        )
        custom = f'"{{{{{own}}}}}"'
        tags = (
            f'"{{""Vendor"":""Databricks"",""Creator"":""user{owner}@example.com"",'
            f'""ClusterId"":""{key}"",""ClusterName"":""{name}"",{own}}}"'
        )
    first = number % 3
    return _Cluster(
        workspace=workspaces[number % len(workspaces)],
        nodes=_NODES[first : first + 1 + number // 3 % 2],
        middle=f"{key},{name},{{node}},{owner},{custom},{sku}",
        end=f"user{owner}@example.com,{tags}",
        hours=hours,
    )


def _workspaces() -> list[str]:
    with (SEEDS / "accounts.csv").open(encoding="utf-8", newline="") as file:
        return [
            row["account_key"] for row in csv.DictReader(file) if row["source_name"] == "databricks"
        ]
