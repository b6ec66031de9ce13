"""Connections of the tests to a database that PG* variables name without being set."""

import psycopg


def connect_to(environment: dict[str, str]) -> psycopg.Connection:
    return psycopg.connect(
        host=environment["PGHOST"],
        port=environment["PGPORT"],
        user=environment["PGUSER"],
        password=environment["PGPASSWORD"],
        dbname=environment["PGDATABASE"],
        sslmode=environment["PGSSLMODE"],
        autocommit=True,
    )
