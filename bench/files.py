"""Files as the vendors write them: any number of rows, the same bytes for the same seed."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

_START = datetime(2026, 10, 1, tzinfo=UTC)
_SKUS = (
    "PREMIUM_JOBS_COMPUTE",
    "PREMIUM_JOBS_COMPUTE_(PHOTON)",
    "PREMIUM_ALL_PURPOSE_COMPUTE",
    "PREMIUM_SQL_PRO_COMPUTE_US_EAST_N_VIRGINIA",
)
_NODES = ("m5d.large", "i3.xlarge", "c5.2xlarge", "m5d.2xlarge")
_TEAMS = ("growth", "risk", "search", "core")
_STATES = ("QUEUED", "READY", "PREPARING", "PLANNING", "UNCONFIRMED", "APPLYING", "FINISHED")
_DATABRICKS = (
    "workspaceId,timestamp,clusterId,clusterName,clusterNodeType,clusterOwnerUserId,"
    "clusterCustomTags,sku,dbus,machineHours,clusterOwnerUserName,tags\n"
)
_RUN_MINUTES = (
    "TimestampUnix,StateDurationMinutes,Public,RunState,RunType,RunULID,StackName,StackSlug,"
    "StackULID,IsStack,WorkerPoolName,WorkerPoolULID\n"
)
_TECTON = '"timestamp","accountName","quantity","unit","metadata"\n'
ROWS_OF_AN_HOUR = 30


def write_databricks(file: Path, rows: int, seed: int = 1) -> None:
    """Write a billable usage log: clusters over hours, drivers and workers, tags of job clusters.

    A row is an hour of the nodes of one type; a little over 400 bytes, of which half are tags.
    """
    draws = _draws(seed)
    with file.open("w", encoding="utf-8", newline="\n") as out:
        out.write(_DATABRICKS)
        cluster = 0
        while rows > 0:
            cluster += 1
            lines = _cluster_lines(draws, cluster)
            out.writelines(lines[:rows])
            rows -= len(lines)


def _cluster_lines(draws: random.Random, cluster: int) -> list[str]:
    is_job = cluster % 4 != 0
    job, number = draws.randrange(300), draws.getrandbits(32)
    cluster_id = f"{draws.randrange(1000, 1299)}-{number % 240000:06}-{number:08x}"
    name = f"job-{job}-run-{cluster}" if is_job else f"[Squad {job % 40}]  R&D (CI/CD)"
    owned = (
        f'""team"":""{_TEAMS[job % 4]}"",""env"":""prod"",""cost_center"":""cc-{job % 17}"",'
        '""BusinessUnit"":""Data Platform""'
    )
    tags = (
        f'""Vendor"":""Databricks"",""Creator"":""user{job}@example.com"",'
        f'""ClusterId"":""{cluster_id}"",""ClusterName"":""{name}""'
    )
    if is_job:
        tags += f',""RunName"":""nightly {job}"",""JobId"":""{job}"",{owned}'
    before = f"12345678901234{job % 5:02},"
    nodes = _NODES[job % 3 : job % 3 + 1 + cluster % 2]
    custom_tags = '"{' + owned + '}"' if is_job else "{}"
    first = draws.randrange(27 * 24)
    return [
        f"{before}{_hour(first + hour)}:59:59.999Z,{cluster_id},{name},{node},48317900{job:08},"
        f"{custom_tags},{_SKUS[job % 4]},{draws.random() * 3!r},{draws.random() * 8!r},"
        f'user{job}@example.com,"{{{tags}}}"\n'
        for hour in range(draws.choice((1, 1, 1, 2, 3)) if is_job else 24)
        for node in nodes
    ]


def write_run_minutes(file: Path, rows: int, seed: int = 2) -> None:
    """Write a Spacelift run_minutes export: seven states of each run, a fifth on public workers."""
    draws = _draws(seed)
    with file.open("w", encoding="utf-8", newline="\n") as out:
        out.write(_RUN_MINUTES)
        for row in range(rows):
            stack = row // 7 % 200
            pool = f"pool-{stack % 4},01HWP{stack % 4:021}" if stack % 5 else ","
            out.write(
                f"{1790812800 + row // 2000 * 3600},{draws.random() * 60:.4f},"
                f"{'false' if stack % 5 else 'true'},{_STATES[row % 7]},TRACKED,"
                f"01HZX{row // 7:021},Payments / stack {stack},payments-stack-{stack},"
                f"01HST{stack:021},true,{pool}\n"
            )


def write_events(file: Path, rows: int, seed: int = 3) -> None:
    """Write Metronome usage events, one JSON object per line, numbers as strings and as numbers."""
    draws = _draws(seed)
    with file.open("w", encoding="utf-8", newline="\n") as out:
        for row in range(rows):
            moment = _START + timedelta(seconds=row % 2_500_000)
            out.write(
                f'{{"transaction_id":"{draws.getrandbits(128):032x}",'
                f'"customer_id":"acct-{row % 977}","timestamp":"{moment:%Y-%m-%dT%H:%M:%S}Z",'
                f'"event_type":"http_request","properties":{{"path":"/v1/search","status":"200",'
                f'"region":"US-EAST-{row % 3}","bytes":"{draws.randrange(98_000_000)}",'
                f'"response_time_ms":{draws.randrange(480)}}}}}\n'
            )


def write_hours(folder: Path, files: int, seed: int = 4) -> None:
    """Write that many hourly Tecton files of thirty rows, in a folder for each day."""
    draws = _draws(seed)
    for hour in range(files):
        moment = _START + timedelta(hours=hour)
        file = folder / f"{moment:%Y-%m-%d}" / f"{moment:%Y-%m-%d-%H}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = (
            f'"{moment:%Y-%m-%dT%H}:00:00Z","acme",{draws.randrange(2_000_000)}.0,'
            f'"FEATURE_VIEW_ONLINE_READS","{{""workspace"":""prod-fraud"",'
            f'""tectonObjectName"":""user_transaction_metrics_{row}""}}"\n'
            for row in range(ROWS_OF_AN_HOUR)
        )
        file.write_text(_TECTON + "".join(lines), encoding="utf-8", newline="\n")


def _draws(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311  # a repeatable file, not a secret


def _hour(hours: int) -> str:
    return f"2026-10-{hours // 24 + 1:02}T{hours % 24:02}"
