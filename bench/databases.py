"""Throw-away databases on the configured server, and commands run against them."""

import os
import secrets
import shlex
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from memory import peak_of
from psycopg import sql
from ways import Export, loader

Environment = dict[str, str]
# No measured file has the bytes of the one that prepares the raw tables: those load only once.
_SEED = 99


@dataclass(frozen=True)
class Databases:
    """A template with the tables in it, and the database that is made from it for every run."""

    environment: Environment
    template: str
    name: str

    def fresh(self) -> Environment:
        """Make the database anew; return the variables that lead to it."""
        with connect(self.environment) as server:
            drop(server, self.name)
            statement = sql.SQL("create database {} template {}")
            names = sql.Identifier(self.name), sql.Identifier(self.template)
            server.execute(statement.format(*names))
            # What the run before left to be written must not be charged to the next one.
            with suppress(psycopg.errors.InsufficientPrivilege):
                server.execute("checkpoint")
        return self.environment | {"PGDATABASE": self.name}

    def timed(self, arguments: list[str]) -> float:
        """Return the seconds a command takes, its start included."""
        started = time.perf_counter()
        run(arguments, self.environment | {"PGDATABASE": self.name})
        return time.perf_counter() - started

    def peak(self, arguments: list[str]) -> int:
        """Return the most bytes of memory a command held, with the processes it started."""
        return peak_of(arguments, os.environ | self.environment | {"PGDATABASE": self.name})

    def rows(self, table: str) -> int:
        """Count the rows of a table."""
        with connect(self.environment | {"PGDATABASE": self.name}) as database:
            identifier = sql.Identifier(*table.split("."))
            counted = database.execute(sql.SQL("select count(*) from {}").format(identifier))
            return int((counted.fetchone() or (0,))[0])


@contextmanager
def databases(export: Export) -> Iterator[Databases]:
    """Yield databases with the raw tables, which a load of one row prepared, and two to copy to."""
    environment = configured()
    suffix = secrets.token_hex(4)
    made = Databases(environment, f"loader_bench_template_{suffix}", f"loader_bench_{suffix}")
    try:
        with connect(environment) as server:
            server.execute(sql.SQL("create database {}").format(sql.Identifier(made.template)))
        variables = environment | {"PGDATABASE": made.template}
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / export.file_name
            export.write(file, 1, _SEED)
            run([*loader(), "load", str(file)], variables)
        with connect(variables) as database:
            database.execute(f"create table copied_text ({export.text_columns})")
            database.execute(f"create table copied_typed ({export.columns})")
        yield made
    finally:
        with connect(environment) as server:
            for name in (made.name, made.template):
                drop(server, name)


def configured() -> Environment:
    """Return the PG* variables of the configured server, which is started if it is our own."""
    shown = subprocess.run(
        [*loader(), "db", "env"], check=True, capture_output=True, text=True
    ).stdout
    return dict(_variable(line) for line in shown.splitlines() if "=" in line)


def _variable(line: str) -> tuple[str, str]:
    name, _, value = shlex.split(line.removeprefix("export "))[0].partition("=")
    return name, value


def run(arguments: list[str], environment: Environment) -> None:
    """Run a command that must succeed, with what it prints only shown when it fails."""
    done = subprocess.run(
        arguments, env=os.environ | environment, check=False, capture_output=True, text=True
    )
    if done.returncode:
        message = f"{' '.join(arguments)} failed\n{done.stdout}{done.stderr}"
        raise SystemExit(message)


def connect(environment: Environment) -> psycopg.Connection:
    """Connect to the database that the variables name."""
    return psycopg.connect(
        host=environment["PGHOST"],
        port=environment["PGPORT"],
        user=environment["PGUSER"],
        password=environment["PGPASSWORD"],
        sslmode=environment["PGSSLMODE"],
        dbname=environment["PGDATABASE"],
        autocommit=True,
    )


def drop(server: psycopg.Connection, name: str) -> None:
    """Drop a database, if there is one of that name, with whoever is connected to it."""
    statement = sql.SQL("drop database if exists {} with (force)")
    server.execute(statement.format(sql.Identifier(name)))
