"""A few days of clean usage of each vendor, always the same for a seed."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from exported_rows import HOUR, Row

Rows = tuple[Row, ...]
_MONTH = datetime(2026, 4, 1, tzinfo=UTC)  # what comes 68 days later is still past
_SKUS = ("PREMIUM_JOBS_COMPUTE", "PREMIUM_ALL_PURPOSE_COMPUTE", "PREMIUM_SQL_COMPUTE")
_NODES = ("m4.xlarge", "m5d.large", "i3.xlarge")
_CUSTOM_TAGS = ({}, {"team": "growth"}, {"Team": "search", "env": "prod"})
_STATES = ("QUEUED", "READY", "PLANNING", "APPLYING", "UNCONFIRMED")
_TYPES = ("metric", "log", "trace", "event", "profile", "slo")
_EVENTS = ("http_request", "transfer", "feature_lookup")
_CUSTOMERS = ("acct-10042", "8b7e6d5c-4a39-4218-b0f7-9e8d7c6b5a42", "nobody-knows")
_UINT64 = 18_446_744_073_709_551_615
# Units of version 1, their names in version 2, and whether they belong to a workspace.
TECTON_UNITS = {
    "FeatureViewOnlineReads": ("FEATURE_VIEW_ONLINE_READS", True),
    "OnlineWriteRows": ("ONLINE_WRITE_ROWS", True),
    "TectonJobComputeHours": ("TECTON_JOB_COMPUTE_HOURS", True),
    "FeatureServerNodeHours": ("FEATURE_SERVER_NODE_HOURS", False),
}


def hours_of(draws: Random, *, days: Sequence[int] = (), per_day: int = 5) -> list[datetime]:
    """Return hours with usage, two to four days of one month unless `days` says which."""
    if not days:
        first = draws.randrange(26)
        days = range(first, first + draws.randint(2, 4))
    return [
        _MONTH + timedelta(days=day, hours=hour)
        for day in days
        for hour in sorted({*draws.sample(range(24), per_day - 1), draws.choice([0, 23])})
    ]


def databricks(draws: Random, hours: Iterable[datetime]) -> Rows:
    """One or two node types for a cluster and hour; tags may change within the hour."""
    clusters = [
        (f"10{number:02d}-{draws.randrange(10**6):06d}-swing{number}", draws.choice(_SKUS))
        for number in range(draws.randint(2, 3))
    ]
    rows = []
    for hour in hours:
        for cluster, sku in draws.sample(clusters, draws.randint(1, len(clusters))):
            tags = draws.sample(_CUSTOM_TAGS, draws.choice([1, 1, 1, 2]))
            for node in draws.sample(_NODES, draws.randint(1, 2)):
                rows += [_cluster_row(draws, hour, (cluster, node, sku), custom) for custom in tags]
    return tuple(rows)


def _cluster_row(
    draws: Random, hour: datetime, key: tuple[str, str, str], custom: dict[str, str]
) -> Row:
    cluster, node, sku = key
    custom_tags = json.dumps(custom)
    default = {"Vendor": "Databricks", "ClusterId": cluster, "Creator": "jobs@example.com"}
    cells: dict[str, object] = {
        "clusterId": cluster,
        "clusterName": f"Nightly, {cluster[-6:]}",
        "clusterNodeType": node,
        "clusterOwnerUserId": "2048813377654",
        "clusterCustomTags": custom_tags,
        "sku": sku,
        "dbus": f"{draws.randrange(30)}.{draws.randrange(1, 10**17):017d}",
        "machineHours": "1.5",
        "clusterOwnerUserName": "jobs@example.com",
        "tags": json.dumps(default | custom),
    }
    return Row(hour, (*key, custom_tags), cells)


def tecton_v1(draws: Random, hours: Iterable[datetime], *, equal: float = 0.2) -> Rows:
    """Rows of one key may stand for one hour, a job each; some are equal in every column."""
    rows = []
    for hour in hours:
        keys = [
            (unit, draws.choice(["prod", "dev"]), f"features_{draws.randrange(3)}")
            if TECTON_UNITS[unit][1]
            else (unit, "", "")
            for unit in draws.sample(sorted(TECTON_UNITS), draws.randint(1, 3))
        ]
        for unit, workspace, name in keys:
            quantity = draws.randrange(1, 10_000)
            for _ in range(1 + (draws.random() < equal) + (draws.random() < equal)):
                cells: dict[str, object] = {
                    "workspace": workspace,
                    "tectonObjectName": name,
                    "quantity": draws.choice([quantity, draws.randrange(1, 10_000)]),
                    "unit": unit,
                }
                rows.append(Row(hour, (unit, workspace, name), cells))
    return tuple(rows)


def tecton_v2(draws: Random, hours: Iterable[datetime], *, equal: float = 0.2) -> Rows:
    return tuple(as_tecton_v2(row, draws) for row in tecton_v1(draws, hours, equal=equal))


def as_tecton_v2(row: Row, draws: Random | None = None) -> Row:
    """Return what version 2 says of a row of version 1; with `draws`, with tags as well."""
    cells = row.cells
    metadata: dict[str, object] = {"region": "us-east-1"}
    if cells["workspace"]:
        metadata = {
            "workspace": cells["workspace"],
            "tecton_object_name": cells["tectonObjectName"],
        }
        if draws is not None and row.hour.hour % 2:
            metadata["tags"] = {"team": "growth"}
    text = json.dumps(metadata)
    unit = TECTON_UNITS[str(cells["unit"])][0]
    quantity = f"{cells['quantity']}.0"
    return Row(row.at, (unit, text), {"quantity": quantity, "unit": unit, "metadata": text})


def spacelift_workers(draws: Random, hours: Iterable[datetime]) -> Rows:
    pools = [f"private-{number}" for number in range(draws.randint(1, 3))]
    return tuple(
        Row(
            hour,
            (pool,),
            {"ID": str(number), "Count": str(draws.randint(1, 9)), "WorkerPoolName": pool},
        )
        for number, hour in enumerate(hours, start=1)
        for pool in draws.sample(pools, draws.randint(1, len(pools)))
    )


def spacelift_runs(draws: Random, hours: Iterable[datetime]) -> Rows:
    """A run has rows of several states in an hour, and goes on into the next."""
    runs = [_run(draws, number) for number in range(draws.randint(2, 4))]
    rows = []
    for hour in hours:
        for run in draws.sample(runs, draws.randint(1, 2)):
            for state in draws.sample(_STATES, draws.randint(1, 3)):
                minutes = f"{draws.randrange(60)}.{draws.randrange(1, 100):02d}"
                cells = run | {"StateDurationMinutes": minutes, "RunState": state}
                rows.append(Row(hour, (str(run["RunULID"]), state), cells))
    return tuple(rows)


def _run(draws: Random, number: int) -> dict[str, object]:
    is_public = draws.random() < 0.3
    return {
        "Public": "true" if is_public else "false",
        "RunType": draws.choice(["TRACKED", "PROPOSED", "TASK"]),
        "RunULID": f"01BR5041QKXXWSZE5NPC4S5Q{number:02d}",
        "StackName": f"Payments / gateway, {number % 2}",
        "StackSlug": f"payments-gateway-{number % 2}",
        "StackULID": f"01TQWQ4G71JTA9VK6MKE7068{number % 2:02d}",
        "IsStack": "true",
        "WorkerPoolName": "" if is_public else "private-0",
        "WorkerPoolULID": "" if is_public else "01HF3QA61D8E7GJH4S2TPKZW5M",
    }


def by_type(rows: Iterable[Row]) -> Rows:
    """Return what the grouping by run type says: a row per run and hour, without a state."""
    sums: dict[tuple[datetime, str], Row] = {}
    for row in rows:
        run = str(row.cells["RunULID"])
        known = sums.get((row.hour, run))
        minutes = Decimal(str(row.cells["StateDurationMinutes"]))
        if known is not None:
            minutes += Decimal(str(known.cells["StateDurationMinutes"]))
        cells = row.cells | {"StateDurationMinutes": str(minutes), "RunState": ""}
        sums[row.hour, run] = Row(row.hour, (run, ""), cells)
    return tuple(sums.values())


def infrasage(draws: Random, hours: Iterable[datetime], *, unmerged: float = 0.3) -> Rows:
    """Counters up to the largest unsigned 64-bit number; some not merged yet."""
    rows = []
    for hour in hours:
        for event_type in draws.sample(_TYPES, draws.randint(1, 3)):
            for _ in range(1 + (draws.random() < unmerged) + (draws.random() < unmerged)):
                count = draws.choice([draws.randrange(10**7), _UINT64 - draws.randrange(1000)])
                cells: dict[str, object] = {
                    "event_type": event_type,
                    "event_count": count,
                    "bytes_ingested": draws.choice([draws.randrange(10**12), _UINT64]),
                }
                rows.append(Row(hour, (event_type,), cells))
    return tuple(rows)


def metronome(draws: Random, hours: Iterable[datetime]) -> Rows:
    """Events at any second, each with a transaction id of its own."""
    rows = []
    for hour in hours:
        for _ in range(draws.randint(1, 4)):
            key = f"{draws.getrandbits(64):016x}"
            cells: dict[str, object] = {
                "transaction_id": key,
                "customer_id": draws.choice(_CUSTOMERS),
                "event_type": draws.choice(_EVENTS),
                "properties": {"bytes": str(draws.randrange(10**6)), "status": 200},
            }
            rows.append(Row(hour + timedelta(seconds=draws.randrange(3600)), (key,), cells))
    return tuple(sorted(rows, key=lambda row: row.at))


Generate = Callable[[Random, Iterable[datetime]], Rows]
GENERATORS: dict[str, Generate] = {
    "databricks": databricks,
    "tecton v1": tecton_v1,
    "tecton v2": tecton_v2,
    "spacelift workers": spacelift_workers,
    "spacelift runs": spacelift_runs,
    "infrasage": infrasage,
    "metronome": metronome,
}
# The columns an hour that is still growing has less in.
QUANTITIES: dict[str, tuple[str, ...]] = {
    "databricks": ("dbus",),
    "tecton v1": ("quantity",),
    "tecton v2": ("quantity",),
    "spacelift workers": ("Count",),
    "spacelift runs": ("StateDurationMinutes",),
    "infrasage": ("event_count", "bytes_ingested"),
    "metronome": (),  # an event counts one
}


def with_less(layout: str, row: Row) -> Row:
    """Return the row as it was exported while its hour still grew; an event does not grow."""
    cells = dict(row.cells)
    for column in QUANTITIES[layout]:
        whole, point, decimals = str(cells[column]).partition(".")
        cells[column] = f"{int(whole) // 2}{point}{decimals}"
    return Row(row.at, row.key, cells)


def with_more(layout: str, row: Row) -> Row:
    """Return the row with a quantity, or with an event's properties, that are wrong."""
    cells = dict(row.cells)
    for column in QUANTITIES[layout]:
        whole, point, decimals = str(cells[column]).partition(".")
        cells[column] = f"{int(whole) % 10**12 + 7}{point}{decimals}"
    if not QUANTITIES[layout]:
        cells["properties"] = {"bytes": "wrong"}
    return Row(row.at, row.key, cells)


def moved(row: Row, hours: int) -> Row:
    return Row(row.at + hours * HOUR, row.key, row.cells)
