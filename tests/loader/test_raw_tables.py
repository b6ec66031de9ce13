from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest
from loads import WORKERS_SOUND, load_file, rows_of

from loader.column_types import ColumnType
from loader.errors import DatabaseError
from loader.exports import Column, Export
from loader.inputs import Input
from loader.raw_tables import prepare

Connect = Callable[[], psycopg.Connection]
Write = Callable[..., Input]


def columns_of(connection: psycopg.Connection, table: str) -> list[tuple[object, ...]]:
    return connection.execute(
        "select attname, format_type(atttypid, atttypmod), attnotnull,"
        " col_description(attrelid, attnum) from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 order by attnum",
        [table],
    ).fetchall()


def test_raw_tables_have_the_declared_columns_as_text(connection: psycopg.Connection) -> None:
    assert columns_of(connection, "raw_spacelift.worker_count") == [
        (
            *("id", "text", False),
            "Number of the row in the vendor's system; its meaning is not documented.",
        ),
        ("count", "text", False, "Number of workers of the pool."),
        ("timestamp_unix", "text", False, "Hour, in seconds since 1970-01-01 UTC."),
        (
            *("worker_pool_name", "text", False),
            "Name of the worker pool; pools can be renamed and names reused.",
        ),
        ("_load_id", "bigint", True, "Load the row came with: loader.loads.load_id."),
        (
            *("_row_number", "bigint", True),
            (
                "Line of the file the row's record starts on, counted from 1, the header included;"
                " rows that start on one line, as in JSON arrays, are numbered on from it."
            ),
        ),
    ]


def test_every_ledger_column_is_explained(connection: psycopg.Connection) -> None:
    assert [row[0] for row in columns_of(connection, "loader.loads") if not row[3]] == []


def test_preparing_again_adds_what_was_declared_since(
    connection: psycopg.Connection, exports: tuple[Export, ...], file: Write
) -> None:
    load_file(connection, file(WORKERS_SOUND), exports)
    workers = next(export for export in exports if export.name == "spacelift.worker_count")
    added = Column("region", ColumnType("text"), "Where.", "Region", is_optional=True)
    first = replace(workers.columns[0], description="It's new.")
    changed = replace(workers, columns=(first, *workers.columns[1:], added), description="Now.")
    prepare(connection, [changed])
    columns = columns_of(connection, "raw_spacelift.worker_count")
    assert columns[0] == ("id", "text", False, "It's new.")
    assert columns[-1] == ("region", "text", False, "Where.")
    assert rows_of(connection, "raw_spacelift.worker_count")[0] == (
        *("1", "3", "1714330800", "linux", 1, 2, None),
    )


def test_preparing_waits_for_no_load(
    connection: psycopg.Connection, connect: Connect, exports: tuple[Export, ...]
) -> None:
    other = connect()
    other.execute("set lock_timeout = '2s'")
    with connection.transaction():
        connection.execute(
            "insert into raw_spacelift.worker_count values (null, null, null, null, 1, 1)"
        )
        prepare(other, exports)


def test_several_processes_can_prepare_at_once(
    connect: Connect, exports: tuple[Export, ...]
) -> None:
    connections = [connect() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda opened: prepare(opened, exports), connections))
    assert columns_of(connections[0], "raw_tecton.billable_usage_v2")


def test_a_table_the_loader_did_not_make_is_refused(
    connect: Connect, exports: tuple[Export, ...]
) -> None:
    opened = connect()
    opened.execute(
        "create schema raw_spacelift; create table raw_spacelift.worker_count"
        " (id bigint, _load_id bigint, _row_number bigint)"
    )
    with pytest.raises(DatabaseError) as failure:
        prepare(opened, exports)
    assert str(failure.value) == (
        "raw_spacelift.worker_count: id is bigint, expected text\n"
        "  rename or drop the table, it was not made by the loader"
    )


def test_a_line_of_a_large_load_is_found_by_block_ranges(connection: psycopg.Connection) -> None:
    connection.execute(
        "insert into raw_metronome.usage_events (_load_id, _row_number, properties)"
        " select 1, line, repeat('x', 200) from generate_series(1, 100000) as lines (line)"
    )
    connection.execute("vacuum analyze raw_metronome.usage_events")
    row = connection.execute(
        "explain (format json) select * from raw_metronome.usage_events"
        " where _load_id = 1 and _row_number = 50000"
    ).fetchone()
    assert row is not None
    (scan,) = row[0][0]["Plan"]["Plans"]
    assert scan["Index Cond"] == "((_load_id = 1) AND (_row_number = 50000))"
