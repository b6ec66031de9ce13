"""The table `loader.builds`: one row for each build of the marts, and what became of it.

dbt's own hooks begin and end a row (macros/mark_build.sql), so that a build by plain dbt has one
too; the mart rpt_builds shows them to readers. Only `loader build` knows what the marts were made
from: its digest stands in the row of a whole build that passed.
"""

from collections.abc import Sequence
from datetime import datetime

from psycopg import Connection, sql

from loader import relations

# The shape of the first version; what was added since is in `_LATER`, for new tables too.
_FIRST_TABLE = """
create table loader.builds (
    build_id bigint generated always as identity primary key,
    fingerprint text not null,
    nodes bigint not null,
    started_at timestamptz not null,
    finished_at timestamptz not null default clock_timestamp()
)
"""
_LATER = """
alter table loader.builds
    alter column finished_at drop not null,
    alter column finished_at drop default,
    add column failures bigint not null default 0,
    add column outcome text check (outcome in ('passed', 'partial', 'failed')),
    add column schema_prefix text not null default '';
delete from loader.builds as begun
where fingerprint = 'unfinished'
    and exists (select from loader.builds where build_id > begun.build_id);
update loader.builds set finished_at = null where fingerprint = 'unfinished';
update loader.builds set outcome = 'passed' where fingerprint != 'unfinished'
"""
_COMMENTS = {
    "build_id": "Number of the build.",
    "fingerprint": "Digest of loads, models, seeds and tests of a build of everything that passed;"
    " unfinished for any other.",
    "nodes": "Number of models, seeds and tests that passed.",
    "started_at": "When the build began.",
    "finished_at": "When it ended; null while it runs, and for ever when it was killed.",
    "failures": "Number of models, seeds and tests that failed or were skipped for it.",
    "outcome": "passed; partial: a part of the project was built, and passed; failed.",
    "schema_prefix": "What stands before the schemas it built: nothing for those readers see.",
}


def create(connection: Connection) -> None:
    """Create the table, or add what an older one lacks; the caller holds the lock for that."""
    if _is_complete(connection):
        return
    if not relations.exists(connection, "loader.builds"):
        connection.execute(_FIRST_TABLE)
    connection.execute(_LATER)
    connection.execute("comment on table loader.builds is 'One row for each build of the marts.'")
    for column, text in _COMMENTS.items():
        statement = sql.SQL("comment on column loader.builds.{} is {}")
        connection.execute(statement.format(sql.Identifier(column), sql.Literal(text)))


def last(connection: Connection, prefix: str) -> tuple[str, datetime | None] | None:
    """Return digest and end of the last build of the schemas with this prefix.

    What an older version of the loader built, which did not say so much, is no such build.
    """
    if not _is_complete(connection):
        return None
    return connection.execute(
        "select fingerprint, finished_at from loader.builds where schema_prefix = %s"
        " order by build_id desc limit 1",
        [prefix],
    ).fetchone()


def remember(connection: Connection, fingerprint: str, prefix: str, build: Sequence[float]) -> None:
    """Say what the last build, which was whole and passed, was made from.

    Of a developer's own schemas dbt's hooks keep no row: `build` is its start and number of nodes.
    """
    if prefix:
        connection.execute(
            "insert into loader.builds"
            " (fingerprint, schema_prefix, started_at, nodes, finished_at, outcome)"
            " values (%s, %s, to_timestamp(%s), %s, clock_timestamp(), 'passed')",
            [fingerprint, prefix, *build],
        )
        return
    connection.execute(
        "update loader.builds set fingerprint = %s where build_id ="
        " (select max(build_id) from loader.builds where schema_prefix = '')",
        [fingerprint],
    )


def _is_complete(connection: Connection) -> bool:
    row = connection.execute(
        "select exists (select from pg_catalog.pg_attribute"
        " where attrelid = to_regclass('loader.builds') and attname = 'schema_prefix')"
    ).fetchone()
    return row == (True,)
