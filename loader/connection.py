"""Where the warehouse is: the user's own server when one is named, the embedded one otherwise.

One connection serves every tool: what the loader connected to is handed on to dbt and psql, so
that `DATABASE_URL`, a service file and a password file work for them as well.
"""

import logging
import os

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from loader.connection_failure import check_url, explain
from loader.embedded import EmbeddedServer
from loader.embedded.address import DATABASE, connect_to
from loader.errors import DatabaseError
from loader.project import Project

# What psycopg says of connections that are given up holds addresses, and may hold content.
logging.getLogger("psycopg").addHandler(logging.NullHandler())
logging.getLogger("psycopg").propagate = False

OWN_SERVER_VARIABLES = (
    "DATABASE_URL",
    "PGHOST",
    "PGHOSTADDR",
    "PGPORT",
    "PGUSER",
    "PGPASSWORD",
    "PGDATABASE",
    "PGSERVICE",
)
_OLDEST_VERSION = 160000
_ENCODING = "UTF8"
_CONNECT_SECONDS = 10
# Results must not depend on the session's defaults, nor on what lies in a schema others can write,
# and a load takes as long as it takes: the timeouts are set as pg_dump sets them.
_SESSION = """
    set quote_all_identifiers = off;
    set client_encoding = 'UTF8';
    set timezone = 'UTC';
    set datestyle = 'ISO, MDY';
    set search_path = pg_catalog, pg_temp;
    set default_transaction_isolation = 'read committed';
    set statement_timeout = 0;
    set lock_timeout = 0;
    set idle_in_transaction_session_timeout = 0;
    select set_config(name, '0', false) from pg_settings where name = 'transaction_timeout'
"""
# What a connection may have been given beside its six essentials that the next client needs too.
_HANDED_ON = {
    "channel_binding",
    "gssencmode",
    "krbsrvname",
    "options",
    "sslcert",
    "sslcrl",
    "sslkey",
    "sslnegotiation",
    "sslrootcert",
    "target_session_attrs",
}


def is_own_server(project: Project) -> bool:
    """Say whether the environment names a server, which the loader then neither starts nor stops.

    Settings that carry the embedded server's password were made by `loader db env` or `url`: they
    name the embedded server, unless they name another database on it.
    """
    named = [name for name in OWN_SERVER_VARIABLES if os.environ.get(name, "").strip()]
    if not named:
        return False
    given: dict[str, object] = {
        "password": os.environ.get("PGPASSWORD", ""),
        "dbname": os.environ.get("PGDATABASE", DATABASE),
    }
    if "DATABASE_URL" in named:
        given |= _url_parameters()
    password = EmbeddedServer(project.server_home).password()
    return not password or given["password"] != password or given["dbname"] != DATABASE


def connect(project: Project, *, autocommit: bool = False) -> psycopg.Connection:
    """Connect to the project's warehouse; start the embedded server if that is the one.

    The session is in UTC, with ISO dates and only `pg_catalog` in its search path. Raises
    `DatabaseError` when there is no server, it refuses, or it is older than PostgreSQL 16.
    """
    is_own = is_own_server(project)
    connection = _connect_to_own() if is_own else _connect_to_embedded(project)
    try:
        _check_version(connection)
        connection.execute(_SESSION)
        connection.autocommit = autocommit
    except psycopg.Error as error:
        connection.close()
        raise explain(error, {"password": connection.info.password}) from None
    except DatabaseError:
        connection.close()
        raise
    return connection


def dbt_environment(project: Project) -> dict[str, str]:
    """Return the PG* variables that lead dbt, psql or any libpq client to the same database.

    PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE and PGSSLMODE are always among them.
    """
    with connect(project, autocommit=True) as connection:
        return _environment_of(connection.info)


def _environment_of(info: psycopg.ConnectionInfo) -> dict[str, str]:
    given = info.get_parameters()
    variables = {
        option.envvar.decode(): given[option.keyword.decode()]
        for option in pq.Conninfo.get_defaults()
        if option.envvar and option.keyword.decode() in _HANDED_ON & given.keys()
    }
    return (
        {"PGOPTIONS": ""}
        | variables
        | {
            "PGHOST": info.host,
            "PGPORT": str(info.port),
            "PGUSER": info.user,
            "PGPASSWORD": info.password,
            "PGDATABASE": info.dbname,
            "PGSSLMODE": given.get("sslmode", "prefer"),
            "PGTZ": "UTC",
            "PGDATESTYLE": "ISO, MDY",
            "PGCLIENTENCODING": "UTF8",
        }
    )


def describe(project: Project) -> str:
    """Return one line such as `embedded PostgreSQL 18.6 at 127.0.0.1:54329/warehouse`."""
    with connect(project, autocommit=True) as connection:
        info = connection.info
        kind = "" if is_own_server(project) else "embedded "
        return (
            f"{kind}PostgreSQL {server_version(connection)}"
            f" at {info.host}:{info.port}/{info.dbname}"
        )


def server_version(connection: psycopg.Connection) -> str:
    """Return the server's version without what its packager added, such as `18.6`."""
    return (connection.info.parameter_status("server_version") or "").partition(" ")[0]


def _url_parameters() -> dict[str, object]:
    """Return what `DATABASE_URL` says; raise `DatabaseError`, without it, when it is malformed."""
    try:
        parameters: dict[str, object] = dict(conninfo_to_dict(_url()))
    except (psycopg.Error, ValueError):
        parameters = {}
    check_url(_url(), parameters)
    return parameters


def _url() -> str:
    return os.environ.get("DATABASE_URL", "").strip()


def _connect_to_own() -> psycopg.Connection:
    parameters = _url_parameters() if _url() else {}
    timeout = parameters.get("connect_timeout") or os.environ.get("PGCONNECT_TIMEOUT")
    try:
        return psycopg.connect(
            _url(),
            application_name="loader",
            client_encoding="UTF8",
            connect_timeout=str(timeout or _CONNECT_SECONDS),
            autocommit=True,
            prepare_threshold=None,
        )
    except (psycopg.Error, OSError, ValueError) as error:
        raise explain(error, parameters) from None


def _connect_to_embedded(project: Project) -> psycopg.Connection:
    server = EmbeddedServer(project.server_home)
    address = server.start()
    try:
        return connect_to(address)
    except psycopg.Error as error:
        log = f"the embedded server's log is {server.status().log}"
        raise explain(error, {"password": address.password}, otherwise=log) from None


def _check_version(connection: psycopg.Connection) -> None:
    info = connection.info
    if info.server_version < _OLDEST_VERSION:
        where = f"{info.host}:{info.port}/{info.dbname}"
        message = f"{where}: this is PostgreSQL {server_version(connection)}"
        raise DatabaseError(
            message,
            "PostgreSQL 16 or newer is needed: name another server with PGHOST or DATABASE_URL,",
            "or unset the PG* variables and DATABASE_URL to use the embedded one",
        )
    encoding = info.parameter_status("server_encoding")
    if encoding != _ENCODING:
        message = f"{info.host}:{info.port}/{info.dbname}: its texts are in {encoding}"
        hint = "the loader needs UTF8: createdb --encoding UTF8 --template template0 NAME"
        raise DatabaseError(message, hint)
