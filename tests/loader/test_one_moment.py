"""Reading several tables as of one moment while a build puts others in their place."""

from collections.abc import Callable

import psycopg
import pytest

from loader.errors import UsageError
from loader.one_moment import one_moment

Connect = Callable[[], psycopg.Connection]
REPLACE = """
    begin;
    set local lock_timeout = '200ms';
    create table marts.new as select 2 as cost;
    alter table marts.costs rename to old;
    alter table marts.new rename to costs;
    commit
"""


@pytest.fixture
def builder(connect: Connect) -> psycopg.Connection:
    connection = connect()
    connection.execute(
        "create schema marts;"
        " create table marts.teams as select 1 as team;"
        " create table marts.costs as select 1 as cost"
    )
    return connection


def test_a_table_replaced_meanwhile_is_not_read_as_empty(
    connect: Connect, builder: psycopg.Connection
) -> None:
    reader = connect()
    with one_moment(reader, ["marts.teams", "marts.costs"]):
        assert reader.execute("table marts.teams").fetchall() == [(1,)]
        with pytest.raises(psycopg.errors.LockNotAvailable):
            builder.execute(REPLACE)
        builder.rollback()
        assert reader.execute("table marts.costs").fetchall() == [(1,)]
    builder.execute(REPLACE)
    with one_moment(reader, ["marts.teams", "marts.costs"]):
        assert reader.execute("table marts.costs").fetchall() == [(2,)]


def test_a_row_written_meanwhile_is_not_seen_and_none_can_be_written(
    connect: Connect, builder: psycopg.Connection
) -> None:
    reader = connect()
    with one_moment(reader, ["marts.teams", "marts.costs"]):
        reader.execute("table marts.teams")
        builder.execute("insert into marts.costs values (3)")
        assert reader.execute("table marts.costs").fetchall() == [(1,)]
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), reader.transaction():
            reader.execute("delete from marts.teams")


def test_tables_that_are_missing_are_named(connect: Connect, builder: psycopg.Connection) -> None:
    assert builder
    reader = connect()
    for names, said in {
        ("marts.teams", "marts.prices"): "the database has no marts.prices",
        ("staging.a", "marts.teams", "marts.b"): "the database has no staging.a and 1 more",
    }.items():
        with pytest.raises(UsageError) as raised, one_moment(reader, names):
            pass
        assert str(raised.value) == f"{said}\n  run make build first"
