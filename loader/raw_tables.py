"""The raw tables: an export's columns as text, plus which load and line a row came from."""

from collections.abc import Iterable, Sequence

from psycopg import Connection, sql

from loader import builds_table, closing_tables, ledger_table, locks, rejects
from loader.errors import DatabaseError
from loader.exports import Column, Export

LOAD_ID = "_load_id"
ROW_NUMBER = "_row_number"
_PLUMBING_COMMENTS = {
    LOAD_ID: "Load the row came with: loader.loads.load_id.",
    ROW_NUMBER: "Line of the file the row's record starts on, counted from 1, the header included;"
    " rows that start on one line, as in JSON arrays, are numbered on from it.",
}
_PREPARE_LOCK = "loader: create tables"
# What a crashed server forgot was counted is analysed again, and a table that never was.
_CHANGED = """
    select wanted.name
    from pg_catalog.pg_class
    inner join unnest(%s::text[]) as wanted (name) on pg_class.oid = to_regclass(wanted.name)
    left join pg_catalog.pg_stat_user_tables as counted on pg_class.oid = counted.relid
    where
        pg_class.reltuples < 0
        or counted.last_analyze is null
        or counted.n_mod_since_analyze > 0
        or not current_setting('track_counts')::boolean
"""

# {(schema, table): {column or None for the table itself: (type, comment)}}
_Existing = dict[tuple[str, str], dict[str | None, tuple[str, str]]]


def prepare(connection: Connection, exports: Sequence[Export]) -> None:
    """Create the loader's own tables and every export's raw table; add columns declared since.

    Changes nothing that is as declared, and takes no lock on it that a load would wait for. Two
    processes may do this at once. Raises `DatabaseError` for a table that is not a raw table.
    """
    with connection.transaction():
        locks.lock_until_commit(connection, _PREPARE_LOCK)
        ledger_table.create(connection)
        rejects.create(connection)
        closing_tables.create(connection)
        builds_table.create(connection)
        existing = _existing(connection, exports)
        for schema in {export.schema: None for export in exports}:
            if not any(found == schema for found, _ in existing):
                statement = sql.SQL("create schema if not exists {}")
                connection.execute(statement.format(sql.Identifier(schema)))
        for export in exports:
            _prepare_one(connection, export, existing.get((export.schema, export.table)))


def _existing(connection: Connection, exports: Sequence[Export]) -> _Existing:
    rows = connection.execute(
        """
        select
            namespaces.nspname, tables.relname, attributes.attname,
            coalesce(pg_catalog.format_type(attributes.atttypid, attributes.atttypmod), ''),
            coalesce(pg_catalog.col_description(tables.oid, attributes.attnum), ''),
            coalesce(pg_catalog.obj_description(tables.oid, 'pg_class'), '')
        from pg_catalog.pg_class as tables
        inner join pg_catalog.pg_namespace as namespaces on tables.relnamespace = namespaces.oid
        left join pg_catalog.pg_attribute as attributes
            on tables.oid = attributes.attrelid
            and attributes.attnum > 0
            and not attributes.attisdropped
        where tables.relkind in ('r', 'p', 'v', 'm', 'f') and namespaces.nspname = any(%s)
        """,
        [[export.schema for export in exports]],
    )
    existing: _Existing = {}
    for schema, table, column, column_type, comment, table_comment in rows:
        columns = existing.setdefault((schema, table), {None: ("", table_comment)})
        if column is not None:
            columns[column] = (column_type, comment)
    return existing


def _prepare_one(
    connection: Connection, export: Export, found: dict[str | None, tuple[str, str]] | None
) -> None:
    table = identifier(export)
    if found is None:
        _create(connection, export)
        found = {}
    else:
        _refuse_other_types(export, found)
        for column in export.columns:
            if column.name not in found:
                statement = sql.SQL("alter table {} add column {} text")
                connection.execute(statement.format(table, sql.Identifier(column.name)))
    if found.get(None, ("", ""))[1] != export.description:
        statement = sql.SQL("comment on table {} is {}")
        connection.execute(statement.format(table, sql.Literal(export.description)))
    for name, comment in _comments(export.columns):
        if found.get(name, ("", ""))[1] != comment:
            statement = sql.SQL("comment on column {}.{} is {}")
            name_of_column = sql.Identifier(name)
            connection.execute(statement.format(table, name_of_column, sql.Literal(comment)))


def _create(connection: Connection, export: Export) -> None:
    columns = [sql.SQL("{} text").format(sql.Identifier(column.name)) for column in export.columns]
    plumbing = [
        sql.SQL("{} bigint not null").format(sql.Identifier(name)) for name in _PLUMBING_COMMENTS
    ]
    definition = sql.SQL(", ").join([*columns, *plumbing])
    connection.execute(sql.SQL("create table {} ({})").format(identifier(export), definition))
    # A load's rows lie together and nearly in order, so block ranges find a load, and a line of a
    # large one in milliseconds; a B-tree would cost every row.
    index = sql.SQL("create index on {} using brin ({}, {})")
    names = (sql.Identifier(LOAD_ID), sql.Identifier(ROW_NUMBER))
    connection.execute(index.format(identifier(export), *names))


def _refuse_other_types(export: Export, found: dict[str | None, tuple[str, str]]) -> None:
    wanted = {column.name: "text" for column in export.columns if column.name in found}
    wanted |= dict.fromkeys(_PLUMBING_COMMENTS, "bigint")
    for name, wanted_type in wanted.items():
        actual = found.get(name, ("missing", ""))[0]
        if actual != wanted_type:
            message = f"{export.schema}.{export.table}: {name} is {actual}, expected {wanted_type}"
            raise DatabaseError(message, "rename or drop the table, it was not made by the loader")


def _comments(columns: Iterable[Column]) -> list[tuple[str, str]]:
    return [*((column.name, column.description) for column in columns), *_PLUMBING_COMMENTS.items()]


def analyze(connection: Connection, exports: Sequence[Export]) -> None:
    """Gather the statistics that queries are planned by, of each raw table that has changed."""
    names = [f"{export.schema}.{export.table}" for export in exports]
    for (name,) in connection.execute(_CHANGED, [[*names, "loader.loads"]]).fetchall():
        connection.execute(sql.SQL("analyze {}").format(sql.Identifier(*name.split("."))))


def remove(connection: Connection, export: Export, load_id: int) -> int:
    """Delete the rows of a load that was not completed; return how many there were."""
    statement = sql.SQL("delete from {} where {} = %s")
    deleted = statement.format(identifier(export), sql.Identifier(LOAD_ID))
    return connection.execute(deleted, [load_id]).rowcount


def identifier(export: Export) -> sql.Identifier:
    """Return the name of the export's raw table for use in a statement."""
    return sql.Identifier(export.schema, export.table)


def copy_statement(export: Export) -> sql.Composed:
    """Return the COPY, in binary, of the declared columns, then load and row number."""
    names = [*(column.name for column in export.columns), LOAD_ID, ROW_NUMBER]
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    return sql.SQL("copy {} ({}) from stdin (format binary)").format(identifier(export), columns)
