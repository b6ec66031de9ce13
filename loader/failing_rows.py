"""The first rows that failed data tests found, in words: what is wrong, or the row itself.

A test may say in the columns `problem` and `advice` what is wrong with a row and what to do.
Columns that hold personal data and JSON are left out, and what looks like an address is masked.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psycopg
from psycopg import Connection, sql
from psycopg.rows import dict_row

from loader.dbt_run import Failure
from loader.exports import read_exports
from loader.personal_data import masked, personal_columns
from loader.project import Project

MAX_ROWS = 3
_MAX_CELLS = 8
_WORDS = ("problem", "advice")
_SETTINGS = "set local statement_timeout = '30s'"
# Names that staging gives to personal columns and to what people write freely.
_FREE = frozenset({"owner_key", "owner_name", "resource_name", "tags"})


def with_rows(
    connection: Connection,
    project: Project,
    failures: Sequence[Failure],
    *,
    but: Collection[str | None] = (),
) -> list[Failure]:
    """Return the failures, data tests with the first rows that their compiled SQL finds.

    `but` are the tests whose rows are told elsewhere. `connection` must not be in a transaction. A
    test whose rows cannot be asked for stays as it is.
    """
    if not failures:
        return []
    hidden = _FREE.union(*(personal_columns(export) for export in read_exports(project)))
    return [
        replace(failure, rows=_rows(connection, project.root / failure.compiled, hidden))
        if failure.kind == "test" and failure.compiled and failure.name not in but
        else failure
        for failure in failures
    ]


def _rows(connection: Connection, compiled: Path, hidden: Collection[str]) -> list[str]:
    with suppress(psycopg.Error, OSError):
        query = sql.SQL("select * from ({}\n) as failing limit {}").format(
            sql.SQL(compiled.read_text(encoding="utf-8")),
            MAX_ROWS,
        )
        with (
            connection.transaction(force_rollback=True),
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            cursor.execute(_SETTINGS)
            return [_told(row, hidden) for row in cursor.execute(query).fetchall()]
    return []


def _told(row: dict[str, object], hidden: Collection[str]) -> str:
    if row.get("problem"):
        words = (masked(str(row[name])) for name in _WORDS if row.get(name))
        return "\n  ".join(words)
    shown = [
        f"{name} {masked(str(cell))}"
        for name, cell in row.items()
        if name not in hidden and cell is not None and not isinstance(cell, dict | list)
    ]
    more = ["…"] if len(shown) > _MAX_CELLS else []
    return ", ".join([*shown[:_MAX_CELLS], *more])
