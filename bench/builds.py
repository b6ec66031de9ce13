"""Builds of a month that leave the project's own folders and database alone."""

import json
from pathlib import Path

import psycopg
from databases import Environment, configured, connect, drop, run
from psycopg import sql
from ways import loader


def environment_in(folder: Path) -> Environment:
    """Return the configured server's variables, and those that have dbt write to the folder."""
    return configured() | {
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_SCHEMA": "public",
        "LOADER_SEEDS": "seeds",
    }


def create(server: psycopg.Connection, name: str) -> None:
    """Create a database without a table."""
    server.execute(sql.SQL("create database {}").format(sql.Identifier(name)))


def copy(server: psycopg.Connection, name: str, template: str) -> None:
    """Create a database that is a copy of another."""
    statement = sql.SQL("create database {} template {} strategy file_copy")
    server.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))


def renew(server: psycopg.Connection, name: str, template: str) -> None:
    """Make the database of a run anew; what its making left to be written is not the run's."""
    drop(server, name)
    copy(server, name, template)
    server.execute("checkpoint")


def load(file: Path, environment: Environment) -> None:
    """Load a file, and tell the planner what is in the tables now."""
    run([*loader(), "load", str(file)], environment)
    with connect(environment) as database:
        database.execute("vacuum analyze")


def node_seconds(folder: Path) -> dict[str, float]:
    """Return the seconds of each model, seed and test of the last build."""
    written = (folder / "target" / "run_results.json").read_text(encoding="utf-8")
    return {
        node["unique_id"].split(".", 2)[2]: node["execution_time"]
        for node in json.loads(written)["results"]
    }
