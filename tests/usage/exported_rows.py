"""Rows of an export, and the files they are written to: the same rows in more than one spelling."""

import csv
import io
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Row:
    """One exported row: its instant (the start of its hour, or an event's own), its record key in
    the hour, and its cells by header, without time and account.
    """

    at: datetime
    key: tuple[str, ...]
    cells: dict[str, object] = field(hash=False)

    @property
    def hour(self) -> datetime:
        return self.at.replace(minute=0, second=0, microsecond=0)

    @property
    def slot(self) -> tuple[datetime, tuple[str, ...]]:
        """What two exports of the same record agree on."""
        return self.hour, self.key


# The spellings of the end of an hour that vendors and copies of their files use.
_HOUR_ENDS: tuple[Callable[[datetime], str], ...] = (
    lambda at: f"{at:%Y-%m-%dT%H}:59:59.999Z",
    lambda at: f"{at:%Y-%m-%dT%H}:59:59Z",
    lambda at: f"{at:%Y-%m-%dT%H}:59:59.000Z",
    lambda at: f"{at + HOUR:%Y-%m-%dT%H}:00:00.000Z",
)
_UNIX: tuple[Callable[[datetime], str], ...] = (lambda at: str(int(at.timestamp())),)
_WITH_ZONE: tuple[Callable[[datetime], str], ...] = (
    lambda at: f"{at:%Y-%m-%d %H:%M:%S} UTC",
    lambda at: f"{at:%Y-%m-%dT%H:%M:%SZ}",
)
_WITHOUT_ZONE: tuple[Callable[[datetime], str], ...] = (lambda at: f"{at:%Y-%m-%d %H:%M:%S}",)
_RFC_3339: tuple[Callable[[datetime], str], ...] = (
    lambda at: f"{at:%Y-%m-%dT%H:%M:%SZ}",
    lambda at: f"{at:%Y-%m-%dT%H:%M:%S}.000Z",
    lambda at: f"{at:%Y-%m-%dT%H:%M:%S}+00:00",
)


@dataclass(frozen=True)
class Layout:
    """The columns of one form of an export, which of them hold time and account, and how time is
    written. `account` is None where it is named to the loader.
    """

    columns: tuple[str, ...]
    time: str
    stamps: tuple[Callable[[datetime], str], ...]
    account: str | None = None


_DATABRICKS = (
    *("workspaceId", "timestamp", "clusterId", "clusterName", "clusterNodeType"),
    *("clusterOwnerUserId", "clusterCustomTags", "sku", "dbus", "machineHours"),
)
_SPACELIFT_RUNS = (
    *("TimestampUnix", "StateDurationMinutes", "Public", "RunState", "RunType", "RunULID"),
    *("StackName", "StackSlug", "StackULID", "IsStack", "WorkerPoolName", "WorkerPoolULID"),
)
LAYOUTS = {
    "databricks": Layout(
        (*_DATABRICKS, "clusterOwnerUserName", "tags"), "timestamp", _HOUR_ENDS, "workspaceId"
    ),
    "databricks of 11 columns": Layout(
        (*_DATABRICKS, "clusterOwnerUserName"), "timestamp", _HOUR_ENDS, "workspaceId"
    ),
    "databricks of 10 columns": Layout(_DATABRICKS, "timestamp", _HOUR_ENDS, "workspaceId"),
    "tecton v1": Layout(
        ("accountName", "workspace", "timestamp", "tectonObjectName", "quantity", "unit"),
        *("timestamp", _WITH_ZONE, "accountName"),
    ),
    "tecton v2": Layout(
        ("timestamp", "accountName", "quantity", "unit", "metadata"),
        *("timestamp", _WITH_ZONE[::-1], "accountName"),
    ),
    "spacelift workers": Layout(
        ("ID", "Count", "TimestampUnix", "WorkerPoolName"), "TimestampUnix", _UNIX
    ),
    "spacelift runs": Layout(_SPACELIFT_RUNS, "TimestampUnix", _UNIX),
    "infrasage": Layout(
        ("tenant_id", "hour", "event_type", "event_count", "bytes_ingested"),
        *("hour", _WITHOUT_ZONE, "tenant_id"),
    ),
    "metronome": Layout(
        ("transaction_id", "customer_id", "timestamp", "event_type", "properties"),
        *("timestamp", _RFC_3339),
    ),
}


@dataclass(frozen=True)
class File:
    """A file of rows in one layout. `style` changes its bytes and nothing it says: the order of
    columns, quotes, line ends, a blank line, the spelling of times. A name with `{account}` is
    written over the earlier file of that name.
    """

    layout: str
    rows: tuple[Row, ...]
    style: int = 0
    name: str = "usage"
    note: str = ""

    @property
    def is_overwritten(self) -> bool:
        return "{account}" in self.name

    def file_name(self, account: str) -> str:
        ending = "jsonl" if self.layout == "metronome" else "csv"
        return f"{self.name.format(account=account)}.{ending}"

    def __str__(self) -> str:
        times = sorted({row.hour for row in self.rows})
        period = f"{times[0]:%m-%dT%H}..{times[-1]:%m-%dT%H}" if times else "no rows"
        note = f" {self.note}" if self.note else ""
        return f"{self.layout}{note}, {period}, {len(self.rows)} rows, style {self.style}"


def content(file: File, account: str) -> bytes:
    """Return the file's bytes with its rows in this account."""
    layout = LAYOUTS[file.layout]
    style = random.Random(file.style)  # noqa: S311  # to be repeated, not to be secret
    stamp = layout.stamps[file.style % len(layout.stamps)]
    columns = list(layout.columns)
    if file.style:
        style.shuffle(columns)
    records = []
    for row in file.rows:
        cells = row.cells | {layout.time: stamp(row.at)}
        if layout.account is not None:
            cells[layout.account] = account
        records.append({column: cells[column] for column in columns})
    text = _json_lines(records) if file.layout == "metronome" else _csv(columns, records, style)
    # Two styles may draw the same order and quotes: blank lines at the end tell all of them apart.
    return (text + "\n" * file.style).encode()


def _json_lines(records: Sequence[dict[str, object]]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def _csv(columns: Sequence[str], records: Sequence[dict[str, object]], style: random.Random) -> str:
    text = io.StringIO()
    quoting = style.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    ending = style.choice(["\n", "\r\n"])
    writer = csv.writer(text, quoting=quoting, lineterminator=ending)
    writer.writerow(columns)
    writer.writerows([record[column] for column in columns] for record in records)
    return text.getvalue()
