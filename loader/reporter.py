"""The reporter: a database role that reads the marts and nothing else, for BI tools and people.

The same privileges are given by the macro `grant_reporter` before every build, for a schema that
was dropped or a build by another role. Here a person gets them at once.
"""

import secrets
from dataclasses import dataclass, field

import psycopg
from psycopg import Connection, sql

from loader.connection import connect
from loader.errors import DatabaseError, UsageError
from loader.project import Project

SCHEMA = "marts"

# Tables of other schemas, a column of which the role may read: through PUBLIC, or another role.
_READS_ELSE = """
    select format('%%I.%%I', schemas.nspname, tables.relname)
    from pg_namespace as schemas
    inner join pg_class as tables on schemas.oid = tables.relnamespace
    where
        schemas.nspname not in (%(schema)s, 'information_schema')
        and schemas.nspname not like 'pg\\_%%'
        and tables.relkind in ('r', 'p', 'v', 'm', 'f')
        and has_schema_privilege(%(role)s, schemas.oid, 'usage')
        and has_any_column_privilege(%(role)s, tables.oid, 'select')
    order by 1
"""
_UNREADABLE = """
    select format('%%I.%%I', %(schema)s::text, tables.relname)
    from pg_class as tables
    where
        tables.relnamespace = to_regnamespace(%(schema)s)
        and tables.relkind in ('r', 'p', 'v', 'm')
        and not has_table_privilege(%(role)s, tables.oid, 'select')
    order by 1
"""


@dataclass(frozen=True)
class Reporter:
    """The role after it was let in; `password` is None where it was left as it is."""

    name: str
    password: str | None = field(repr=False)
    has_marts: bool
    reads_else: tuple[str, ...]


def let_read(project: Project, name: str, *, new_password: bool = False) -> Reporter:
    """Make the role `name` if there is none, and let it read every mart there is and will be.

    A role that exists keeps its password unless a new one is asked for. Raises `UsageError` for a
    role that is more than a reader, `DatabaseError` when the connected role may not do all this.
    """
    with connect(project) as connection:
        is_new = not _exists(connection, name)
        password = secrets.token_urlsafe(24) if is_new or new_password else None
        if is_new:
            _make(connection, name, password or "")
        else:
            _check_is_a_reader(connection, name)
            if password:
                _set_password(connection, name, password)
        has_marts = _has_marts(connection)
        if has_marts:
            _grant(connection, name)
        parameters = {"role": name, "schema": SCHEMA}
        reads_else = connection.execute(_READS_ELSE, parameters).fetchall()
    return Reporter(name, password, has_marts, tuple(table for (table,) in reads_else))


def _exists(connection: Connection, name: str) -> bool:
    found = connection.execute("select 1 from pg_roles where rolname = %s", [name])
    return found.fetchone() is not None


def _has_marts(connection: Connection) -> bool:
    found = connection.execute("select to_regnamespace(%s) is not null", [SCHEMA])
    return bool((found.fetchone() or (False,))[0])


def _make(connection: Connection, name: str, password: str) -> None:
    role, database = sql.Identifier(name), sql.Identifier(connection.info.dbname)
    try:
        connection.execute(
            sql.SQL("create role {} login password {}").format(
                role, _hashed(connection, name, password)
            )
        )
        for setting, value in (("search_path", SCHEMA), ("timezone", "UTC")):
            connection.execute(
                sql.SQL("alter role {} in database {} set {} = {}").format(
                    role, database, sql.Identifier(setting), value
                )
            )
    except psycopg.errors.ReservedName:
        message = f"{name}: PostgreSQL keeps this name for itself"
        raise UsageError(message, "choose another, such as: loader db reporter reporter") from None
    except psycopg.errors.InsufficientPrivilege:
        message = f"{connection.info.user} may not create roles on this server"
        raise DatabaseError(
            message,
            "ask who runs the server for:"
            f" create role {role.as_string(connection)} login password '…';",
            f"then run again: loader db reporter {name}",
        ) from None


def _set_password(connection: Connection, name: str, password: str) -> None:
    try:
        connection.execute(
            sql.SQL("alter role {} login password {}").format(
                sql.Identifier(name), _hashed(connection, name, password)
            )
        )
    except psycopg.errors.InsufficientPrivilege:
        message = f"{connection.info.user} may not set the password of {name}"
        hint = "ask who runs the server, or run without --new-password"
        raise DatabaseError(message, hint) from None


def _hashed(connection: Connection, name: str, password: str) -> sql.Literal:
    """Return the password as the server keeps it, so that no log of statements can show it."""
    secret = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    return sql.Literal(secret.decode())


def _check_is_a_reader(connection: Connection, name: str) -> None:
    (is_more,) = connection.execute(
        "select rolsuper or pg_has_role(rolname, current_user, 'member')"
        " from pg_roles where rolname = %s",
        [name],
    ).fetchone() or (False,)
    if is_more:
        message = f"{name}: this role may do more than read, here or everywhere"
        raise UsageError(message, "name another one, such as: loader db reporter reporter")


def _grant(connection: Connection, name: str) -> None:
    role, schema = sql.Identifier(name), sql.Identifier(SCHEMA)
    statements = (
        "grant usage on schema {schema} to {role}",
        "alter default privileges in schema {schema} grant select on tables to {role}",
        "grant select on all tables in schema {schema} to {role}",
    )
    try:
        for statement in statements:
            connection.execute(sql.SQL(statement).format(schema=schema, role=role))
    except psycopg.errors.InsufficientPrivilege:
        raise _not_the_owner(connection, name) from None
    # A grant by somebody who owns nothing of it is a mere warning.
    left = connection.execute(_UNREADABLE, {"role": name, "schema": SCHEMA}).fetchall()
    (has_schema,) = connection.execute(
        "select has_schema_privilege(%s, %s, 'usage')", [name, SCHEMA]
    ).fetchone() or (False,)
    if left or not has_schema:
        raise _not_the_owner(connection, name)


def _not_the_owner(connection: Connection, name: str) -> DatabaseError:
    role = sql.Identifier(name).as_string(connection)
    message = f"{connection.info.user} does not own the schema {SCHEMA} and all that is in it"
    return DatabaseError(
        message,
        "nothing was granted; run as the role that builds the marts, or ask their owner for:",
        f"grant usage on schema {SCHEMA} to {role};"
        f" grant select on all tables in schema {SCHEMA} to {role};",
    )
