"""What the loader's tests load with, look at, and load."""

import psycopg

from loader.exports import Export
from loader.inputs import Input
from loader.loading import Outcome, Progress, Request, Session
from loader.loading import check_file as check_input
from loader.loading import load_file as load_input
from loader.tally import Tolerance

WORKERS = b"ID,Count,TimestampUnix,WorkerPoolName\n1,3,1714330800,linux\n\n2,,1714334400,\n"
WORKERS_SOUND = WORKERS.replace(b"2,,", b"2,4,")
INFRASAGE = "tenant_id,hour,event_type,event_count,bytes_ingested\n"
DATABRICKS = (
    "workspaceId,timestamp,clusterId,clusterName,clusterNodeType,clusterOwnerUserId,"
    "clusterCustomTags,sku,dbus,machineHours,clusterOwnerUserName,tags\n"
)
QUARANTINE = Tolerance("quarantine")


def open_connection() -> psycopg.Connection:
    return psycopg.connect("", autocommit=True)


def load_file(  # noqa: PLR0913  # what a test may vary
    connection: psycopg.Connection,
    file: Input,
    exports: tuple[Export, ...],
    *,
    account: str = "default",
    tolerance: Tolerance | None = None,
    evolve: bool = False,
    jobs: int = 2,
    progress: Progress | None = None,
) -> Outcome:
    request = Request(exports, account, tolerance or Tolerance(), evolve)
    session = Session(connection, open_connection, jobs)
    return load_input(session, file, request, progress=progress)


def check_file(file: Input, exports: tuple[Export, ...], *, account: str = "default") -> Outcome:
    return check_input(file, Request(exports, account))


def rows_of(connection: psycopg.Connection, table: str) -> list[tuple[object, ...]]:
    query = f"select * from {table} order by _load_id, _row_number"
    return connection.execute(query).fetchall()


def ledger_of(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    return connection.execute(
        "select load_id, export, account_key, file_name, rows_read, rows_loaded, rows_rejected,"
        " rows_blank, status, failure, finished_at >= started_at from loader.loads order by load_id"
    ).fetchall()
