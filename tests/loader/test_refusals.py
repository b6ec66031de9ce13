import re
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from loads import (
    DATABRICKS,
    INFRASAGE,
    WORKERS,
    WORKERS_SOUND,
    check_file,
    ledger_of,
    load_file,
    rows_of,
)

from loader import copying
from loader.errors import DatabaseError, DataRefusedError
from loader.exports import Export
from loader.inputs import Input

Connect = Callable[[], psycopg.Connection]
Write = Callable[..., Input]


def test_a_file_with_a_problem_leaves_nothing_but_a_failed_load(
    connection: psycopg.Connection, exports: tuple[Export, ...], file: Write
) -> None:
    refused = file(WORKERS + b"5,x,1714334400\n6,x,1,me\n")
    with pytest.raises(DataRefusedError) as refusal:
        load_file(connection, refused, exports)
    place = refused.place
    assert str(refusal.value) == (
        f"{place}:4: count is empty\n"
        "  expected a whole number such as 42\n"
        f"{place}:5: the line has 3 fields, the header has 4\n"
        f"{place}:6: count is not a whole number: 'x'\n"
        "  expected a whole number such as 42\n"
        "  nothing was loaded; fix the 3 rows and load the file again,"
        " or load the rest with --on-error quarantine"
    )
    failure = (
        "line 4: count is empty; line 5: the line has 3 fields, the header has 4; "
        "line 6: count is not a whole number"
    )
    assert rows_of(connection, "raw_spacelift.worker_count") == []
    assert ledger_of(connection) == [
        (1, "spacelift.worker_count", "default", "x.csv", 5, 0, 3, 1, "failed", failure, True)
    ]


def test_a_corrected_file_loads_after_its_failure(
    connection: psycopg.Connection, exports: tuple[Export, ...], file: Write
) -> None:
    with pytest.raises(DataRefusedError):
        load_file(connection, file(WORKERS), exports)
    load_file(connection, file(WORKERS_SOUND), exports)
    assert [(row[0], row[8]) for row in ledger_of(connection)] == [(1, "failed"), (2, "loaded")]


def test_twenty_problems_are_shown_and_all_are_counted(
    exports: tuple[Export, ...], file: Write
) -> None:
    refused = file(INFRASAGE + "a,2024-01-01 00:00:00,log,-,\n" * 1234)
    with pytest.raises(DataRefusedError) as refusal:
        check_file(refused, exports)
    lines = str(refusal.value).splitlines()
    assert len(lines) == 42
    assert lines[-4:] == [
        f"{refused.place}:21: event_count is not a number: '-'",
        "  expected a decimal such as 12.5",
        "  1,214 more problems are not shown",
        (
            "  nothing was loaded; fix the 1,234 rows and load the file again,"
            " or load the rest with --on-error quarantine"
        ),
    ]


GOOD = {
    "workspaceId": "1",
    "timestamp": "2024-01-01T00:59:59Z",
    "clusterCustomTags": "{}",
    "sku": "S",
    "dbus": "1",
    "clusterOwnerUserName": "owner@example.com",
    "tags": "{}",
}


# A wrong cell, and what is said of it.
CELLS = [
    (
        "dbus",
        '"1.234,5"',
        "dbus is not a number: '1.234,5'\n  expected a decimal such as 12.5",
    ),
    (
        "dbus",
        "2.339.955.555.555.550",
        "dbus is not a number: '2.339.955.555.555.550'\n  expected a decimal such as 12.5",
    ),
    (
        "workspaceId",
        "4.83179E+15",
        (
            "workspace_id does not match [0-9]{1,64}: '4.83179E+15'\n"
            "  expected text that matches [0-9]{1,64}"
        ),
    ),
    (
        "timestamp",
        "2024-01-01 " + "x" * 50,
        (
            "timestamp is not a point in time: '2024-01-01 xxxxxxxxxxxxxxxxxxxxxxxxxxxx…'\n"
            "  expected a date, a time and a zone such as 2024-05-10T19:00:00Z"
        ),
    ),
    (
        "timestamp",
        "\x1b[2J",
        (
            "timestamp is not a point in time: '\\x1b[2J'\n"
            "  expected a date, a time and a zone such as 2024-05-10T19:00:00Z"
        ),
    ),
    (
        "dbus",
        "canary@example.com",
        "dbus is not a number\n  expected a decimal such as 12.5",
    ),
    (
        "tags",
        "canary",
        "tags is not valid JSON\n  expected JSON such as {}",
    ),
    ("sku", "", "sku is empty"),
]


@pytest.mark.parametrize("case", CELLS)
def test_only_a_harmless_wrong_cell_is_shown(
    connection: psycopg.Connection,
    exports: tuple[Export, ...],
    file: Write,
    case: tuple[str, str, str],
) -> None:
    name, cell, said = case
    row = ",".join((GOOD | {name: cell}).get(column, "") for column in DATABRICKS[:-1].split(","))
    refused = file(DATABRICKS + row)
    with pytest.raises(DataRefusedError) as refusal:
        load_file(connection, refused, exports)
    advice = (
        "nothing was loaded; fix the row and load the file again,"
        " or load the rest with --on-error quarantine"
    )
    assert str(refusal.value) == f"{refused.place}:2: {said}\n  {advice}"
    failure = str(ledger_of(connection)[0][9])
    assert failure == "line 2: " + re.split("[:\n]", said)[0]


def test_an_unrecognised_file_is_no_load(
    connection: psycopg.Connection, exports: tuple[Export, ...], file: Write
) -> None:
    with pytest.raises(DataRefusedError):
        load_file(connection, file("a,b\n1,2\n"), exports)
    assert ledger_of(connection) == []


def test_a_file_that_grows_while_it_is_read_is_refused(
    connection: psycopg.Connection,
    exports: tuple[Export, ...],
    file: Write,
) -> None:
    growing = file(WORKERS_SOUND)
    path = Path(growing.place)

    def grow(_bytes: int, _rows: int) -> None:
        with path.open("ab") as stream:
            stream.write(b"9,9,1714330800,late\n")

    with pytest.raises(DataRefusedError) as refusal:
        load_file(connection, growing, exports, progress=grow)
    assert str(refusal.value) == (
        f"{growing.place}: changed while it was read\n"
        "  nothing of it was loaded; load it again when it is complete"
    )
    assert rows_of(connection, "raw_spacelift.worker_count") == []
    assert [row[8:10] for row in ledger_of(connection)] == [
        ("failed", f"{growing.place}: changed while it was read")
    ]


def test_rows_the_database_drops_are_noticed(
    connection: psycopg.Connection, exports: tuple[Export, ...], file: Write
) -> None:
    connection.execute(
        "create function public.drop_row() returns trigger language plpgsql as"
        " 'begin return case when new.id = ''1'' then null else new end; end';"
        "create trigger drops before insert on raw_spacelift.worker_count"
        " for each row execute function public.drop_row()"
    )
    loaded = file(WORKERS_SOUND)
    with pytest.raises(DatabaseError) as failure:
        load_file(connection, loaded, exports)
    assert str(failure.value) == (
        f"{loaded.place}: PostgreSQL took 1 rows of 2\n  nothing was loaded"
    )
    assert rows_of(connection, "raw_spacelift.worker_count") == []


def test_an_error_of_the_database_quotes_no_row(
    connection: psycopg.Connection, exports: tuple[Export, ...], file: Write
) -> None:
    connection.execute(
        "alter table raw_spacelift.worker_count add check (worker_pool_name != 'linux')"
    )
    loaded = file(WORKERS_SOUND)
    with pytest.raises(DatabaseError) as failure:
        load_file(connection, loaded, exports)
    assert str(failure.value) == (
        f"{loaded.place}: PostgreSQL refused the load (23514)\n  nothing was loaded"
    )
    assert ledger_of(connection)[0][8:10] == ("failed", "PostgreSQL: 23514")


def test_an_error_of_python_while_copying_quotes_no_row(
    connection: psycopg.Connection,
    exports: tuple[Export, ...],
    file: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_schema: object) -> None:
        message = "canary"
        raise ValueError(message)

    monkeypatch.setattr(copying, "ArrowToPostgresBinaryEncoder", fail)
    loaded = file(WORKERS_SOUND)
    with pytest.raises(DatabaseError) as failure:
        load_file(connection, loaded, exports)
    assert str(failure.value) == (
        "a row could not be written: ValueError\n"
        "  nothing was loaded; this is a fault of the loader"
    )
    assert failure.value.__suppress_context__


def test_a_lost_connection_says_what_to_do(
    connection: psycopg.Connection, connect: Connect, exports: tuple[Export, ...], file: Write
) -> None:
    other = connect()

    def cut(_bytes: int, _rows: int) -> None:
        other.execute("select pg_terminate_backend(%s)", [connection.info.backend_pid])

    loaded = file(WORKERS_SOUND)
    with pytest.raises(DatabaseError) as failure:
        load_file(connection, loaded, exports, progress=cut)
    assert failure.value.message in {
        f"{loaded.place}: the connection to PostgreSQL was lost",
        (
            f"{loaded.place}: PostgreSQL refused the load (57P01): "
            "terminating connection due to administrator command"
        ),
    }
    assert rows_of(other, "raw_spacelift.worker_count") == []
