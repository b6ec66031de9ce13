"""Ids of charges and usage records as a person gives them: whole, or only their beginning."""

import re
from typing import Any
from uuid import UUID

from psycopg import Connection

from loader import relations
from loader.errors import NotFoundError, UsageError
from loader.tracing.facts import Row, read

_DIGITS = 32
_SHOWN_CANDIDATES = 10
_TABLES = {"charge": "marts.fct_charges", "usage": "marts.fct_usage_hourly"}
_CANDIDATES = {
    "charge": """
        select charge_id as id, meter_id, charge_start_at as starts_at from marts.fct_charges
        where charge_id between %s and %s order by charge_id limit %s
    """,
    "usage": """
        select usage_id as id, meter_id, usage_start_at as starts_at from marts.fct_usage_hourly
        where usage_id between %s and %s order by usage_id limit %s
    """,
}


def find_id(connection: Connection[Any], kind: str, text: str) -> UUID:
    """Return the one id of a `charge` or `usage` record that `text` is or begins.

    Raises `UsageError` for what is no id or begins several, `NotFoundError` where there is none.
    """
    digits = text.strip().replace("-", "").lower()
    if not re.fullmatch("[0-9a-f]{8,32}", digits):
        message = f"--{kind}: is no id: {text!r}"
        raise UsageError(message, "expected a UUID, or the first eight or more of its digits")
    table = _TABLES[kind]
    if not relations.exists(connection, table):
        message = f"the database has no {table}"
        raise NotFoundError(message, "not built yet: make build")
    found = _beginning_with(connection, kind, digits)
    if not found:
        raise _not_found(connection, kind, text, digits)
    if len(found) > 1:
        message = f"--{kind}: {text} is the beginning of several ids"
        raise UsageError(message, *map(_candidate, found))
    return UUID(str(found[0]["id"]))


def _beginning_with(connection: Connection[Any], kind: str, digits: str) -> list[Row]:
    bounds = [UUID(digits.ljust(_DIGITS, digit)) for digit in "0f"]
    return read(connection, _CANDIDATES[kind], [*bounds, _SHOWN_CANDIDATES])


def _candidate(row: Row) -> str:
    return f"{row['id']}  {row['starts_at']:%Y-%m-%d %H:%M}  {row['meter_id'] or 'fixed charge'}"


def _not_found(connection: Connection[Any], kind: str, text: str, digits: str) -> NotFoundError:
    message = f"there is no {kind} {text}"
    for other in _TABLES.keys() - {kind}:
        table = _TABLES[other]
        if relations.exists(connection, table) and _beginning_with(connection, other, digits):
            return NotFoundError(message, f"it is the id of another record: --{other} {text}")
    hint = f"ids stand in {_TABLES[kind]}; what no longer counts has none after a build"
    return NotFoundError(message, hint)
