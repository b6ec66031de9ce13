"""Quarantine and its limits, columns that are new, and files that replace earlier ones."""

from collections.abc import Callable
from decimal import Decimal

import psycopg
import pytest
from loads import DATABRICKS, QUARANTINE, WORKERS, WORKERS_SOUND, ledger_of, load_file, rows_of

from loader.errors import DataRefusedError
from loader.evolution import column_name
from loader.exports import Export
from loader.inputs import Input
from loader.ledger import Counts
from loader.tally import Tolerance

Write = Callable[..., Input]

TABLE = "raw_spacelift.worker_count"


def test_under_quarantine_the_good_rows_load(
    connection: psycopg.Connection, exports: tuple[Export, ...], file: Write
) -> None:
    outcome = load_file(connection, file(WORKERS), exports, tolerance=QUARANTINE)
    assert outcome.counts == Counts(read=3, loaded=1, rejected=1, blank=1)
    assert rows_of(connection, TABLE) == [("1", "3", "1714330800", "linux", 1, 2)]
    assert connection.execute("select * from loader.rejects").fetchall() == [
        (
            1,
            4,
            60,
            "count",
            "empty",
            "is empty; expected a whole number such as 42",
            b"2,,1714334400,\n",
        )
    ]
    assert ledger_of(connection)[0][4:9] == (3, 1, 1, 1, "loaded")


LIMITS = [
    (Tolerance("quarantine", count=1), True, "1"),
    (Tolerance("quarantine", count=0), False, "0"),
    (Tolerance("quarantine", share=Decimal(50)), True, "50%"),
    (Tolerance("quarantine", share=Decimal("49.9")), False, "49.9%"),
]


@pytest.mark.parametrize(("tolerance", "is_enough", "shown"), LIMITS)
def test_more_bad_records_than_allowed_refuse_the_file(  # noqa: PLR0913, PLR0917  # the table's
    connection: psycopg.Connection,
    exports: tuple[Export, ...],
    file: Write,
    tolerance: Tolerance,
    is_enough: bool,  # noqa: FBT001  # a parameter of the table above
    shown: str,
) -> None:
    if is_enough:
        load_file(connection, file(WORKERS), exports, tolerance=tolerance)
        assert len(rows_of(connection, TABLE)) == 1
        return
    with pytest.raises(DataRefusedError) as refusal:
        load_file(connection, file(WORKERS), exports, tolerance=tolerance)
    assert refusal.value.hints[-1] == (
        f"nothing was loaded: 1 of 2 records are refused, more than --max-errors {shown}"
    )
    assert rows_of(connection, TABLE) == []
    assert connection.execute("select count(*) from loader.rejects").fetchone() == (0,)


def test_new_columns_are_refused_or_added_as_text(
    connection: psycopg.Connection, exports: tuple[Export, ...], file: Write
) -> None:
    content = WORKERS_SOUND.decode().replace("Count", "CostCenter,Count").replace(",3", ",é,3")
    content = content.replace("2,4", "2,,4")
    with pytest.raises(DataRefusedError, match="unexpected 'CostCenter'"):
        load_file(connection, file(content), exports)
    outcome = load_file(connection, file(content), exports, evolve=True)
    assert outcome.added_columns == ("cost_center",)
    columns = "id, count, worker_pool_name, cost_center"
    assert connection.execute(f"select {columns} from {TABLE} order by id").fetchall() == [
        ("1", "3", "linux", "é"),
        ("2", "4", None, None),
    ]
    added = connection.execute("select added_columns from loader.loads where status = 'loaded'")
    assert added.fetchall() == [(["cost_center"],)]
    # A file without it, and the same one again, load as before.
    assert load_file(connection, file(WORKERS_SOUND), exports, evolve=True).added_columns == ()
    assert load_file(connection, file(content), exports, evolve=True).status == "already_loaded"


HOSTILE = [
    'a"; drop table loader.loads; --',
    "x" * 64,
    "ctid-ünicode",
    "_load_id",
    "",
    "naïve",
    "id ",
    "\uff11\uff12",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_hostile_name_becomes_a_column(
    connection: psycopg.Connection, exports: tuple[Export, ...], file: Write, name: str
) -> None:
    before = connection.execute("select count(*) from pg_attribute").fetchone()
    quoted = name.replace('"', '""')
    header = WORKERS_SOUND.decode().splitlines()[0]
    with pytest.raises(DataRefusedError):
        load_file(
            connection, file(f'{header},"{quoted}"\n1,1,1714330800,p,v\n'), exports, evolve=True
        )
    assert connection.execute("select count(*) from pg_attribute").fetchone() == before


def test_column_names_are_made_of_headers() -> None:
    names = {
        "CostCenter": "cost_center",
        "cost center-2": "cost_center_2",
        "SKU": "sku",
        "1a": None,
    }
    assert {header: column_name(header) for header in names} == names


def test_a_newer_file_of_the_same_month_replaces_the_earlier(
    connection: psycopg.Connection, exports: tuple[Export, ...], file: Write
) -> None:
    row = "1,2026-10-01T00:59:59Z,c,n,m5,2,{{}},SKU,{},1,,{{}}\n"
    name = "workspaceId=1-usageMonth=2026-10.csv"
    first = DATABRICKS + row.format(1) + row.format(2)
    load_file(connection, file(first, name), exports)
    outcome = load_file(connection, file(DATABRICKS + row.format(3), name), exports)
    assert outcome.replaced == (1,)
    assert [row[8] for row in ledger_of(connection)] == ["replaced", "loaded"]
    again = load_file(connection, file(first, name), exports)
    assert (again.status, again.load_id, again.replaced_by) == ("already_loaded", 1, 2)
    load_file(connection, file(DATABRICKS + row.format(4), "usage.csv"), exports)
    assert (
        load_file(connection, file(DATABRICKS + row.format(5), "usage.csv"), exports).replaced == ()
    )
    assert [row[8] for row in ledger_of(connection)] == ["replaced", "loaded", "loaded", "loaded"]
