"""Where the embedded server listens, and connections to it."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from loader.errors import DatabaseError

DATABASE = "warehouse"
_CONNECT_SECONDS = 10
_environment = threading.Lock()


@dataclass(frozen=True)
class Address:
    """What a client needs to connect; the password stays out of its `repr`."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    dbname: str = DATABASE

    def __str__(self) -> str:
        """Return `host:port/dbname`, the way every message names a database."""
        return f"{self.host}:{self.port}/{self.dbname}"


def connect_to(address: Address, *, dbname: str = "") -> psycopg.Connection:
    """Connect to the server at `address` in autocommit mode, whatever PG* variables are set.

    `require_auth` makes sure that it is a server which checks the password, not one that happens
    to have taken the port. Raises `psycopg.OperationalError`.
    """
    with _no_libpq_variables():
        return psycopg.connect(
            host=address.host,
            port=address.port,
            user=address.user,
            password=address.password,
            dbname=dbname or address.dbname,
            sslmode="disable",
            require_auth="scram-sha-256",
            client_encoding="UTF8",
            application_name="loader",
            connect_timeout=_CONNECT_SECONDS,
            autocommit=True,
            prepare_threshold=None,
        )


def answers(address: Address, password_file: str) -> bool:
    """Say whether the server at `address` answers; make its database if it has none.

    Raises `DatabaseError` when it answers and does not accept the password.
    """
    try:
        with connect_to(address, dbname="postgres") as connection:
            _make_database(connection, address.dbname)
    except psycopg.OperationalError as error:
        reason = str(error)
    else:
        return True
    if "password authentication failed" in reason or "no password supplied" in reason:
        message = f"{address}: the server does not accept the password in {password_file}"
        raise DatabaseError(
            message,
            "put the right one back, or delete the file and run: loader db stop; loader db start",
            "(the server then gets a new password and keeps its data)",
        )
    # Starting up or shutting down it will change its mind; other refusals are the caller's news.
    return "FATAL:" in reason and "the database system is" not in reason


def _make_database(connection: psycopg.Connection, name: str) -> None:
    known = connection.execute("select 1 from pg_catalog.pg_database where datname = %s", [name])
    if known.fetchone() is None:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))


@contextmanager
def _no_libpq_variables() -> Iterator[None]:
    """Take the PG* variables out of the environment for a moment.

    Some of them (PGTZ, PGDATESTYLE, PGSSLNEGOTIATION) reach libpq past every argument.
    """
    with _environment:
        hidden = {name: os.environ.pop(name) for name in list(os.environ) if name[:2] == "PG"}
        try:
            yield
        finally:
            os.environ.update(hidden)
