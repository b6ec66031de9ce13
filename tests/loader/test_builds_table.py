"""The table of builds, and what becomes of one that an earlier version made."""

from collections.abc import Callable

import psycopg

from loader import builds_table
from loader.exports import Export
from loader.raw_tables import prepare

Connect = Callable[[], psycopg.Connection]
EARLIER = """
    create schema loader;
    create table loader.builds (
        build_id bigint generated always as identity primary key,
        fingerprint text not null,
        nodes bigint not null,
        started_at timestamptz not null,
        finished_at timestamptz not null default clock_timestamp()
    );
    insert into loader.builds (fingerprint, nodes, started_at)
    values ('unfinished', 0, now()), ('abc', 500, now()), ('unfinished', 0, now())
"""


def test_an_earlier_table_gets_what_it_lacks_once(
    connect: Connect, exports: tuple[Export, ...]
) -> None:
    connection = connect()
    connection.execute(EARLIER)
    assert builds_table.last(connection, "") is None
    for _ in range(2):
        prepare(connection, exports)
        rows = connection.execute(
            "select fingerprint, outcome, finished_at is null, failures, schema_prefix"
            " from loader.builds order by build_id"
        ).fetchall()
        assert rows == [("abc", "passed", False, 0, ""), ("unfinished", None, True, 0, "")]


def test_builds_of_own_schemas_are_their_own(connection: psycopg.Connection) -> None:
    connection.execute(
        "insert into loader.builds (fingerprint, nodes, started_at) values ('unfinished', 0, now())"
    )
    builds_table.remember(connection, "theirs", "someone_", (0.0, 3))
    last = builds_table.last(connection, "")
    assert last is not None
    assert last[0] == "unfinished"
    builds_table.remember(connection, "ours", "", ())
    of_both = [builds_table.last(connection, prefix) for prefix in ("", "someone_")]
    assert [found and found[0] for found in of_both] == ["ours", "theirs"]


def test_every_column_of_the_table_says_what_it_is(connection: psycopg.Connection) -> None:
    silent = connection.execute(
        "select attname from pg_attribute where attrelid = 'loader.builds'::regclass"
        " and attnum > 0 and not attisdropped and col_description(attrelid, attnum) is null"
    ).fetchall()
    assert silent == []
