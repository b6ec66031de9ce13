from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.batches import Batch
from loader.errors import DataRefusedError, UsageError
from loader.exports import Export, read_exports
from loader.parsing import read_export as read_bytes
from loader.project import find_project
from loader.recognition import find_export, recognise
from loader.records import Problem

DATABRICKS = (
    "workspaceId,timestamp,clusterId,clusterName,clusterNodeType,clusterOwnerUserId,"
    "clusterCustomTags,sku,dbus,machineHours,clusterOwnerUserName,tags"
)
RUN_MINUTES = (
    "TimestampUnix,StateDurationMinutes,Public,RunState,RunType,RunULID,StackName,StackSlug,"
    "StackULID,IsStack,WorkerPoolName,WorkerPoolULID"
)

# A header as seen in the wild, and the export it is.
HEADERS = {
    DATABRICKS: "databricks.billable_usage",
    DATABRICKS.upper(): "databricks.billable_usage",
    DATABRICKS.removesuffix(",tags"): "databricks.billable_usage",
    DATABRICKS.removesuffix(",clusterOwnerUserName,tags"): "databricks.billable_usage",
    DATABRICKS.replace("UserName", "UserEmail"): "databricks.billable_usage",
    RUN_MINUTES: "spacelift.run_minutes",
    "timestamp_unix,state_duration_minutes,public,run_state,run_type,run_ulid,stack_name,"
    "stack_slug,stack_ulid,is_stack,worker_pool_name,worker_pool_ulid": "spacelift.run_minutes",
    "ID,Count,TimestampUnix,WorkerPoolName": "spacelift.worker_count",
    "accountName,workspace,timestamp,tectonObjectName,quantity,unit": "tecton.billable_usage_v1",
    "timestamp,accountName,quantity,unit,metadata": "tecton.billable_usage_v2",
    "accountName,timestamp,metadata,unit,quantity": "tecton.billable_usage_v2",
    "tenant_id,hour,event_type,event_count,bytes_ingested": "infrasage.usage_metering",
    "transaction_id,customer_id,event_type,timestamp": "metronome.usage_events",
}


@pytest.mark.parametrize("header", HEADERS)
def test_an_export_is_recognised_by_names(header: str, exports: tuple[Export, ...]) -> None:
    assert recognise(header.split(","), exports, "x.csv:1").export.name == HEADERS[header]


@given(st.permutations(DATABRICKS.split(",")))
def test_the_order_of_columns_does_not_matter(names: list[str]) -> None:
    layout = recognise(names, read_exports(find_project(Path(__file__))), "x.csv:1")
    order = [names[position] for position in layout.positions if position is not None]
    assert order == DATABRICKS.split(",")


NOTHING = "nothing was loaded; export the file again with these columns, in any order"
EVOLVE = "or accept the new columns as text with --evolve"
FAR = "is not like any declared export; the nearest is {}, of whose columns it lacks {}"
NAMES = "nothing was loaded; the first line must name the columns"
EVENT_COLUMNS = "transaction_id, customer_id, timestamp, event_type"
LIST = "see the declared exports with: loader sources"

# A header that is refused, and how.
REFUSED = {
    DATABRICKS.replace("sku,", ""): "is not databricks.billable_usage, the nearest export: "
    f"missing sku\n  {NOTHING}\n  {LIST}",
    DATABRICKS + ",region": "is not databricks.billable_usage, the nearest export: "
    f"unexpected 'region'\n  {NOTHING}\n  {EVOLVE}\n  {LIST}",
    DATABRICKS + ",SKU": "is not databricks.billable_usage, the nearest export: "
    f"more than once sku\n  {NOTHING}\n  {LIST}",
    DATABRICKS + ",clusterOwnerUserEmail": "is not databricks.billable_usage, the nearest export: "
    f"more than once clusterOwnerUserName\n  {NOTHING}\n  {LIST}",
    DATABRICKS.replace("dbus", "DBU") + ",sku": "is not databricks.billable_usage, the nearest "
    f"export: missing dbus; unexpected 'DBU'; more than once sku\n  {NOTHING}\n  {LIST}",
    "ID,Count,TimestampUnix,me@example.com": "is not spacelift.worker_count, the nearest export: "
    f"missing WorkerPoolName; unexpected a name with an e-mail address\n  {NOTHING}\n  {LIST}",
    "4831790000000000,2024-01-01T00:59:59Z,me@example.com": "is not like any declared export"
    f"\n  {NAMES}\n  {LIST}",
    "timestamp,metre": FAR.format(
        "metronome.usage_events", "transaction_id, customer_id, event_type"
    )
    + f"\n  {NAMES}\n  {LIST}",
    **{
        mark.join(["ID", "Count", "TimestampUnix", "WorkerPoolName"]): "is separated by "
        f"{name}, expected commas\n  nothing was loaded; export the file with commas"
        for mark, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars"))
    },
    "ID;Count": "is separated by semicolons, expected commas"
    "\n  nothing was loaded; export the file with commas",
}


@pytest.mark.parametrize("header", REFUSED)
def test_a_header_that_differs_is_refused_with_the_columns(
    header: str, exports: tuple[Export, ...]
) -> None:
    with pytest.raises(DataRefusedError) as refusal:
        recognise(header.split(","), exports, "x.csv:1")
    assert str(refusal.value) == f"x.csv:1: {REFUSED[header]}"


def test_a_forced_export_is_refused_by_its_own_columns(exports: tuple[Export, ...]) -> None:
    forced = find_export(exports, "spacelift.worker_count")
    with pytest.raises(DataRefusedError) as refusal:
        recognise(["accountName"], [forced], "x.csv:1")
    assert str(refusal.value) == (
        "x.csv:1: "
        + FAR.format("spacelift.worker_count", "ID, Count, TimestampUnix, WorkerPoolName")
        + f"\n  {NAMES}\n  {LIST}"
    )


def test_an_unknown_export_is_refused_with_those_there_are(exports: tuple[Export, ...]) -> None:
    with pytest.raises(UsageError) as mistake:
        find_export(exports[:2], "databricks.usage")
    assert str(mistake.value) == (
        "databricks.usage: no export of this name is declared\n"
        "  declared exports: databricks.billable_usage, infrasage.usage_breakdown"
    )


def test_two_exports_alike_ask_which_it_is(exports: tuple[Export, ...]) -> None:
    one = find_export(exports, "spacelift.worker_count")
    with pytest.raises(DataRefusedError) as refusal:
        recognise(["id", "count", "timestampunix", "workerpoolname"], [one, one], "x.csv:1")
    assert str(refusal.value) == (
        "x.csv:1: fits spacelift.worker_count and spacelift.worker_count alike\n"
        "  nothing was loaded; say which it is, such as --export spacelift.worker_count"
    )


def read_export(content: bytes, exports: Sequence[Export], place: str) -> Batch:
    """Return what the file's jobs make of it, as one batch."""
    reading = read_bytes(BytesIO(content).read, exports, place)
    (batch,) = [job() for job in reading.jobs]
    return batch


def rows_of(batch: Batch) -> list[tuple[object, ...]]:
    return list(zip(*(column.to_pylist() for column in batch.rows), strict=True))


def test_fields_are_put_in_declared_order(exports: tuple[Export, ...]) -> None:
    content = (
        b"timestamp,sku,workspaceId,dbus,machineHours,clusterId,clusterName,clusterNodeType,"
        b"clusterOwnerUserId,clusterCustomTags\n"
        b"2024-01-01T00:59:59Z,SKU,1,0.5,1,c,n,m5,2,{}\n"
    )
    assert rows_of(read_export(content, exports, "x.csv")) == [
        ("1", "2024-01-01T00:59:59Z", "c", "n", "m5", "2", "{}", "SKU", "0.5", "1", None, None)
    ]


EVENT = (
    b'{"transaction_id":"t","customer_id":"c","event_type":"e","timestamp":"2024-01-01T00:00:00Z"'
)


def test_json_is_recognised_by_the_keys_of_its_objects(exports: tuple[Export, ...]) -> None:
    content = b"\n" + EVENT + b"}\n" + EVENT + b',"properties":{"n": 1.0}}\n'
    reading = read_bytes(BytesIO(content).read, exports, "x.jsonl")
    assert reading.export.name == "metronome.usage_events"
    assert rows_of(read_export(content, exports, "x.jsonl")) == [
        ("t", "c", "2024-01-01T00:00:00Z", "e", None),
        ("t", "c", "2024-01-01T00:00:00Z", "e", '{"n": 1.0}'),
    ]


def test_a_broken_first_object_does_not_hide_what_the_file_is(exports: tuple[Export, ...]) -> None:
    content = b"{broken\n" + EVENT + b',"extra":1}\n{"customer_id":"c"}\n' + EVENT + b"}\n"
    batch = read_export(content, exports, "x.jsonl")
    assert [problem._replace(raw=None) for problem in batch.problems] == [
        Problem(1, 0, None, "is not valid JSON"),
        Problem(2, 8, None, "has an unexpected column 'extra'"),
        Problem(3, 111, None, "has no transaction_id"),
    ]
    assert rows_of(batch) == [("t", "c", "2024-01-01T00:00:00Z", "e", None)]


# The name and content of a file that cannot be read as any export, and the error.
FILES = {
    ("x.csv", b""): "x.csv: is empty, without even a header"
    "\n  nothing was loaded; export the file again",
    ("x.csv", b"\xef\xbb\xbf"): "x.csv: is empty, without even a header"
    "\n  nothing was loaded; export the file again",
    (
        "x.csv",
        b"\n1,2\n",
    ): "x.csv:1: the header is blank\n  expected a header\n  nothing was loaded",
    ("x.csv", b"a\rb"): "x.csv:1: the header holds a carriage return without a line feed"
    "\n  expected lines that end with LF or CRLF\n  nothing was loaded",
    ("x.jsonl", b"[]\n1\n"): "x.jsonl:2: the line goes on after its array"
    "\n  nothing was loaded; expected JSON objects, one on each line or in an array",
    ("x.csv", b'{"a": 1}'): f"x.csv:1: is not like any declared export\n  {NAMES}\n  {LIST}",
}


@pytest.mark.parametrize(("name", "content"), FILES)
def test_a_file_that_is_no_export_is_refused(
    name: str, content: bytes, exports: tuple[Export, ...]
) -> None:
    with pytest.raises(DataRefusedError) as refusal:
        read_bytes(BytesIO(content).read, exports, name)
    assert str(refusal.value) == FILES[name, content]


def test_json_for_an_export_of_csv_is_refused(exports: tuple[Export, ...]) -> None:
    with pytest.raises(DataRefusedError) as refusal:
        read_bytes(BytesIO(EVENT).read, exports[:1], "x.csv")
    assert str(refusal.value) == (
        "x.csv: is jsonl, expected csv\n  nothing was loaded; see: loader sources"
    )
