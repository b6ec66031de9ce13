"""Ways in which exports are known to count twice, each small enough to add up by hand."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from delivering import Delivery

from loader.problems import RefusedRowsError

DATABRICKS = (
    "workspaceId,timestamp,clusterId,clusterName,clusterNodeType,clusterOwnerUserId,"
    "clusterCustomTags,sku,dbus,machineHours\n"
)
DRIVER, WORKER, GONE = "c1,etl,m4.large", "c1,etl,m4.xlarge", "c2,gone,m4.large"
RUNS = (
    "TimestampUnix,StateDurationMinutes,Public,RunState,RunType,RunULID,"
    "StackName,StackSlug,StackULID,IsStack,WorkerPoolName,WorkerPoolULID\n"
)
WORKERS = "ID,Count,TimestampUnix,WorkerPoolName\n"
TECTON_V1 = '"accountName","workspace","timestamp","tectonObjectName","quantity","unit"\n'
TECTON_V2 = '"timestamp","accountName","quantity","unit","metadata"\n'
INFRASAGE = "tenant_id,hour,event_type,event_count,bytes_ingested\n"
OCTOBER = 1_790_812_800  # 2026-10-01 00:00 UTC
DAY = 86_400
JOBS = "databricks:PREMIUM_JOBS_COMPUTE"

Load = Callable[..., None]


def databricks_row(workspace: str, day: int, cluster: str, dbus: str) -> str:
    stamp = f"2026-10-{day:02d}T09:59:59.999Z"
    return f"{workspace},{stamp},{cluster},7,{{}},PREMIUM_JOBS_COMPUTE,{dbus},1\n"


def databricks_month(workspace: str, until: int) -> str:
    """The month as exported on a day: two node types a day, the last day still growing, and, until
    the third, a cluster of 100 DBUs that is not there any more later.
    """
    rows = [
        databricks_row(workspace, day, DRIVER, "0.75" if day == until < 7 else "1.25")
        + databricks_row(workspace, day, WORKER, "0.25")
        for day in range(1, until + 1)
    ]
    if until <= 3:
        rows.append(databricks_row(workspace, 1, GONE, "100"))
    return DATABRICKS + "".join(rows)


def seven_names(load: Load) -> None:
    for day in range(1, 8):
        load("11", f"usage-2026-10-{day:02d}.csv", databricks_month("11", day))


def one_name(load: Load) -> None:
    for day in range(1, 8):
        load("12", "workspaceId=12-usageMonth=2026-10.csv", databricks_month("12", day))


def seven_copies_in_one_file(load: Load) -> None:
    month = databricks_month("13", 7).removeprefix(DATABRICKS)
    load("13", "usage.csv", DATABRICKS + month * 7)


def repeated_block(load: Load) -> None:
    rows = [databricks_row("14", day, DRIVER, f"{day}.5") for day in (1, 2, 3, 4)]
    load("14", "usage.csv", DATABRICKS + "".join([*rows, *rows[1:3], rows[3], *rows[1:3]]))


def quoted_blanks(load: Load) -> None:
    """Usage without a cluster: one export leaves its fields blank, the next one quotes them."""
    row = "15,2026-10-01T09:59:59Z,{0},{0},{0},{0},{{}},PREMIUM_JOBS_COMPUTE,{1},1\n"
    load("15", "a.csv", DATABRICKS + row.format("", "2.5"))
    load("15", "b.csv", DATABRICKS + row.format('""', "2.75"))


def run_row(day: int, minutes: str, state: str, *, run: str = "R1") -> str:
    stamp = OCTOBER + DAY * day
    return f"{stamp},{minutes},false,{state},TRACKED,{run},Net,net,S1,true,pool,P1\n"


def groupings(load: Load, account: str, *, types_first: bool) -> None:
    states = RUNS + run_row(0, "4.5", "PLANNING") + run_row(0, "10.25", "QUEUED")
    states += run_row(0, "0.25", "APPLYING") + run_row(0, "3", "PLANNING", run="R2")
    types = RUNS + run_row(0, "15.00", "") + run_row(0, "3", "", run="R2")
    for text in (types, states) if types_first else (states, types):
        load(account, "usage.csv", text)


def states_then_types(load: Load) -> None:
    groupings(load, "states-first", types_first=False)


def types_then_states(load: Load) -> None:
    groupings(load, "types-first", types_first=True)


def groupings_by_column(load: Load) -> None:
    """Each export lacks the column it is not grouped by."""
    head = "TimestampUnix,StateDurationMinutes,Public,{},RunULID,StackSlug,StackULID,IsStack"
    head += ",StackName,WorkerPoolName,WorkerPoolULID\n"
    row = f"{OCTOBER},{{}},false,{{}},R1,net,S1,true,Net,pool,P1\n"
    states = row.format("4.5", "PLANNING") + row.format("10.25", "QUEUED")
    load("by-column", "states.csv", head.format("RunState") + states)
    load("by-column", "types.csv", head.format("RunType") + row.format("14.75", "TRACKED"))


def after_2038(load: Load) -> None:
    """2100-01-01 00:00 UTC, in seconds more than 32 bits hold."""
    load("2100", "workers.csv", WORKERS + "1,3,4102444800,pool\n")


def versions(load: Load, account: str, *, newer_first: bool) -> None:
    """Hours 7 to 9 in version 1, 8 to 10 in version 2; two rows of hour 8 are equal."""
    stamp = "2026-10-02"
    v1, v2 = [], []
    for hour, reads in ((7, (100,)), (8, (20, 20)), (9, (3,))):
        rows = [
            f'"{account}","prod","{stamp} {hour:02d}:00:00 UTC","fv",{read},'
            '"FeatureViewOnlineReads"\n'
            for read in reads
        ]
        v1.append((f"{stamp}-{hour:02d}.csv", TECTON_V1 + "".join(rows)))
    metadata = '"{""workspace"":""prod"",""tecton_object_name"":""fv""}"'
    for hour, reads in ((8, ("20.0", "20.0")), (9, ("3.0",)), (10, ("0.5",))):
        rows = [
            f'"{stamp}T{hour:02d}:00:00Z","{account}",{read},"FEATURE_VIEW_ONLINE_READS",{metadata}\n'
            for read in reads
        ]
        v2.append((f"{stamp}-{hour:02d}.csv", TECTON_V2 + "".join(rows)))
    for name, text in [*v2, *v1] if newer_first else [*v1, *v2]:
        load(account, name, text)


def older_version_first(load: Load) -> None:
    versions(load, "v1-first", newer_first=False)


def newer_version_first(load: Load) -> None:
    versions(load, "v2-first", newer_first=True)


def spellings(load: Load) -> None:
    """An hour exported anew, its object under the vendor's other name and that one left blank."""
    row = '"2026-10-02T08:00:00Z","spellings",{},"ONLINE_WRITE_ROWS","{{""workspace"":""p"",{}}}"\n'
    first, second = '""tecton_object_name"":""fv""', '""tectonObjectName"":""fv""'
    load("spellings", "a.csv", TECTON_V2 + row.format(5, first))
    load("spellings", "b.csv", TECTON_V2 + row.format(6, second))
    blank = f'""tecton_object_name"":"""",{second}'
    load("spellings", "c.csv", TECTON_V2 + row.format(7, blank))


def jobs_of_one_object(load: Load) -> None:
    """An hour cut in two between the jobs of one feature view, then the second half again."""
    row = '"2026-10-02T08:00:00Z","jobs",{},"TECTON_JOB_COMPUTE_HOURS","{{""workspace"":""p"",'
    row += '""tecton_object_name"":""fv"",""tecton_job_id"":""{}""}}"\n'
    for number, (hours, job) in enumerate((("1.5", "j1"), ("2.25", "j2"), ("2.5", "j2"))):
        load("jobs", f"{number}.csv", TECTON_V2 + row.format(hours, job))


def weekly_windows(load: Load) -> None:
    """Thirty days, asked for on days 30, 37, 44 and 51; the last day is only half there.

    Two workers, and a run that plans for ten minutes, every day of fifty: days 0 to 49.
    """
    for asked in (30, 37, 44, 51):
        days = range(max(0, asked - 30), min(asked, 50))
        half = asked - 1
        load(
            "windows",
            f"workers-{asked}.csv",
            WORKERS
            + "".join(f"1,{1 if day == half else 2},{OCTOBER + DAY * day},pool\n" for day in days),
        )
        load(
            "windows",
            f"runs-{asked}.csv",
            RUNS + "".join(run_row(day, "5" if day == half else "10", "PLANNING") for day in days),
        )


def merging_counters(load: Load) -> None:
    """An hour of three counters that grows, and is then exported as one that was merged."""
    row = "merging,2026-10-01 05:00:00,log,{},{}\n"
    load("merging", "a.csv", INFRASAGE + row.format(1, 10) + row.format(2, 20))
    load("merging", "b.csv", INFRASAGE + "".join(row.format(n, 10 * n) for n in (1, 2, 4)))
    load("merging", "c.csv", INFRASAGE + row.format(7, 18_446_744_073_709_551_615))


def hours_without_zone(load: Load) -> None:
    """An hour without a zone and quoted numbers, then the same hour in UTC by name."""
    quoted = '"zone","2026-10-01 05:00:00","log","{0}","{0}"\n'
    load("zone", "a.csv", INFRASAGE + quoted.format(18_446_744_073_709_551_614))
    row = "zone,2026-10-01T05:00:00Z,log,{0},{0}\n"
    load("zone", "b.csv", INFRASAGE + row.format(18_446_744_073_709_551_615))


TRAPS: dict[Callable[[Load], None], tuple[str, dict[str, str]]] = {
    # 7 days of 1.25 and 0.25, and of the cluster that vanished the 100 DBUs are gone too.
    seven_names: ("11", {JOBS: "10.50"}),
    one_name: ("12", {JOBS: "10.50"}),
    seven_copies_in_one_file: ("13", {JOBS: "10.50"}),
    # Four rows, of 1.5, 2.5, 3.5 and 4.5.
    repeated_block: ("14", {JOBS: "12.0"}),
    quoted_blanks: ("15", {JOBS: "2.75"}),
    # 4.5 + 0.25 + 3 hold a worker, 10.25 wait.
    states_then_types: (
        "states-first",
        {
            "spacelift:run_minutes.private.occupying": "7.75",
            "spacelift:run_minutes.private.waiting": "10.25",
        },
    ),
    types_then_states: (
        "types-first",
        {
            "spacelift:run_minutes.private.occupying": "7.75",
            "spacelift:run_minutes.private.waiting": "10.25",
        },
    ),
    groupings_by_column: (
        "by-column",
        {
            "spacelift:run_minutes.private.occupying": "4.5",
            "spacelift:run_minutes.private.waiting": "10.25",
        },
    ),
    after_2038: ("2100", {"spacelift:worker_count": "3"}),
    # Hour 7 has 100, hour 8 twice 20, hour 9 has 3 and hour 10 has 0.5.
    older_version_first: ("v1-first", {"tecton:FEATURE_VIEW_ONLINE_READS": "143.5"}),
    newer_version_first: ("v2-first", {"tecton:FEATURE_VIEW_ONLINE_READS": "143.5"}),
    jobs_of_one_object: ("jobs", {"tecton:TECTON_JOB_COMPUTE_HOURS": "4.0"}),
    spellings: ("spellings", {"tecton:ONLINE_WRITE_ROWS": "7"}),
    # 50 days of 2 workers and of 10 minutes
    weekly_windows: (
        "windows",
        {"spacelift:worker_count": "100", "spacelift:run_minutes.private.occupying": "500"},
    ),
    merging_counters: (
        "merging",
        {"infrasage:log.events": "7", "infrasage:log.bytes": "18446744073709551615"},
    ),
    hours_without_zone: (
        "zone",
        {
            "infrasage:log.events": "18446744073709551615",
            "infrasage:log.bytes": "18446744073709551615",
        },
    ),
}


@pytest.fixture(scope="module")
def trapped(delivery: Delivery) -> Delivery:
    """Return a database to which every trap was delivered, and which was built."""
    for number, trap in enumerate(TRAPS):

        def load(account: str, name: str, text: str, *, place: str = f"{number}") -> None:
            load_id = delivery.load_bytes(delivery.folder / place / name, text.encode(), account)
            assert load_id is not None

        trap(load)
    rows = (databricks_row("99", 1, DRIVER, dbus) for dbus in ("1", "x"))
    refused = DATABRICKS + "".join(rows)
    with pytest.raises(RefusedRowsError):
        delivery.load_bytes(delivery.folder / "refused.csv", refused.encode(), "99")
    delivery.build(is_first=True)
    return delivery


def test_every_row_of_every_load_has_its_place(trapped: Delivery) -> None:
    """Also of a file that was refused, whose sound rows were given up."""
    trapped.prove()
    rows = trapped.connection.execute(
        "select status, rows_read, rows_loaded, rows_rejected, rows_given_up, difference"
        " from marts.rpt_load_balance where file_name = 'refused.csv'"
    ).fetchall()
    assert rows == [("failed", 2, 0, 1, 1, 0)]


def test_what_a_newer_export_changed_is_told(trapped: Delivery) -> None:
    """Day 1 was 1.0 and 100, then 1.5 and 100, and 1.5 alone from the day the cluster vanished."""
    for account in ("11", "12"):
        rows = trapped.connection.execute(
            "select quantity_before, quantity_after, quantity_delta from marts.rpt_restatements"
            " where account_key = %s and usage_date = '2026-10-01' order by load_id",
            [account],
        ).fetchall()
        told = [tuple(str(number.normalize()) for number in row) for row in rows]
        assert told[:3] == [
            ("101", "101.5", "0.5"),
            ("101.5", "101.5", "0"),
            ("101.5", "1.5", "-1E+2"),
        ]
        assert told[3:] == [("1.5", "1.5", "0")] * 3


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.__name__)
def test_usage_is_counted_once(trapped: Delivery, trap: Callable[[Load], None]) -> None:
    account, expected = TRAPS[trap]
    rows = trapped.connection.execute(
        "select meter_id, sum(quantity) from marts.fct_usage_hourly"
        " where account_key = %s group by meter_id",
        [account],
    ).fetchall()
    assert dict(rows) == {meter: Decimal(total) for meter, total in expected.items()}
