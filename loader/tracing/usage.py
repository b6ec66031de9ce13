"""What became of a raw row: its usage records, and why they count or do not.

The slices of the last build decide. A row that counts nowhere is looked up in its source's conform
model, which knows its hour; the reason follows from there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from psycopg import Connection, sql

from loader import relations
from loader.ledger import Load
from loader.tracing.charges import TracedCharge, charge_of_usage
from loader.tracing.facts import Row, read, shown


class Fate(StrEnum):
    """Whether a record counts, or what keeps it from counting."""

    COUNTS = "counts"
    SUPERSEDED = "superseded"
    COPY = "copy"
    DUPLICATE = "duplicate"
    OUT_OF_WINDOW = "out of window"
    NOT_BUILT = "not built yet"


@dataclass(frozen=True)
class TracedUsage:
    """A usage record, or what would have been one.

    `record` has a `usage_id` only where it counts. `decision` is its slice's row of
    int_usage__slice_status, `others` those of other loads of the same hour; `instead` the load,
    file and line that count in the place of a copy or a duplicate. `charge` is None where nothing
    is charged; `role` is the meter's: a driver costs nothing.
    """

    fate: Fate
    record: Row
    decision: Row | None = None
    others: Sequence[Row] = ()
    instead: Row | None = None
    charge: TracedCharge | None = None
    role: str | None = None


_COUNTED = """
    select usage_id, source_name, export_name, account_key, meter_id, service_name, resource_key,
        resource_name, usage_start_at, usage_end_at, occurred_at, quantity, unit, tags,
        load_id, row_number
    from marts.fct_usage_hourly
"""
_BY_ROW = f"{_COUNTED} where load_id = %s and row_number = %s order by meter_id"
_BY_ID = f"{_COUNTED} where usage_id = %s"
_CONFORMED = sql.SQL("""
    select source_name, export_name, account_key, source_name || ':' || meter_key as meter_id,
        resource_key, resource_name, usage_start_at, usage_end_at, occurred_at, quantity, unit,
        tags, load_id, row_number, overlap_rule, copy_key, is_in_window
    from intermediate.{}
    where load_id = %s and row_number = any(%s)
    order by row_number, measure_number
""")
_DECIDING = ("overlap_rule", "copy_key", "is_in_window")
_SLICES = """
    select slices.load_id, loads.file_name, slices.export_name, slices.status, slices.decision,
        slices.reason, slices.superseded_by, superseding.file_name as superseded_by_file
    from intermediate.int_usage__slice_status as slices
    inner join loader.loads on slices.load_id = loads.load_id
    left join loader.loads as superseding on slices.superseded_by = superseding.load_id
    where slices.account_key = %(account_key)s and slices.usage_start_at = %(usage_start_at)s
    and slices.usage_group = (
        select own.usage_group from intermediate.int_usage__slice_status as own
        where own.load_id = %(load_id)s and own.export_name = %(export_name)s
        and own.account_key = %(account_key)s and own.usage_start_at = %(usage_start_at)s
    )
    order by slices.load_id desc
"""
_FIRST = """
    select duplicates.first_load_id as load_id, loads.file_name, duplicates.first_row_number as line
    from intermediate.int_usage__duplicates as duplicates
    inner join loader.loads on duplicates.first_load_id = loads.load_id
    where duplicates.load_id = %(load_id)s and duplicates.row_number = %(row_number)s
"""
# What the mart knows of a record leaves few rows to compare in every column.
_TWINS = """
    select row_number from marts.fct_usage_hourly
    where load_id = %(load_id)s and export_name = %(export_name)s
    and account_key = %(account_key)s and usage_start_at = %(usage_start_at)s
    and meter_id = %(meter_id)s and quantity = %(quantity)s
"""
_ROLE = "select role from reference.meters where meter_id = %(meter_id)s"


def is_built(connection: Connection[Any]) -> bool:
    """Say whether there are usage records to look at, of whatever build."""
    names = (
        "marts.fct_usage_hourly",
        "intermediate.int_usage__slice_status",
        "staging.stg_loader__ledger",
    )
    return not relations.missing(connection, *names)


def was_built(connection: Connection[Any], load: Load) -> bool:
    """Say whether the last build, of whatever there is of it, knew of the load."""
    known = "select load_id from staging.stg_loader__ledger where load_id = %s"
    return is_built(connection) and bool(read(connection, known, [load.load_id]))


def usage_of_row(connection: Connection[Any], load: Load, line: int) -> list[TracedUsage]:
    """Return what a row became, one entry for each of its measures; the marts must be built.

    There is none for exports that hold no usage, and loads whose rows nobody reads.
    """
    counted = read(connection, _BY_ROW, [load.load_id, line])
    if counted:
        return [_counted(connection, record) for record in counted]
    if load.status == "withdrawn":
        return []
    return [_uncounted(connection, load, record) for record in _conformed(connection, load, [line])]


def usage_of_id(connection: Connection[Any], usage_id: UUID) -> TracedUsage:
    """Return a usage record that there is."""
    (record,) = read(connection, _BY_ID, [usage_id])
    return _counted(connection, record)


def _counted(connection: Connection[Any], record: Row) -> TracedUsage:
    own, others = _slices(connection, record)
    roles = read(connection, _ROLE, record)
    return TracedUsage(
        Fate.COUNTS,
        shown(record),
        decision=own,
        others=others,
        charge=charge_of_usage(connection, record["usage_id"]),
        role=roles[0]["role"] if roles else None,
    )


def _uncounted(connection: Connection[Any], load: Load, record: Row) -> TracedUsage:
    known = shown({name: value for name, value in record.items() if name not in _DECIDING})
    if not record["is_in_window"]:
        return TracedUsage(Fate.OUT_OF_WINDOW, known)
    if record["overlap_rule"] == "record":
        first = read(connection, _FIRST, record)
        fate = Fate.DUPLICATE if first else Fate.NOT_BUILT
        return TracedUsage(fate, known, instead=first[0] if first else None)
    own, others = _slices(connection, record)
    if own is None:
        return TracedUsage(Fate.NOT_BUILT, known)
    if own["status"] == "superseded":
        return TracedUsage(Fate.SUPERSEDED, known, own, others)
    twin = _twin(connection, load, record)
    if twin is None:
        return TracedUsage(Fate.NOT_BUILT, known, own, others)
    instead = {"load_id": load.load_id, "file_name": load.file_name, "line": twin}
    return TracedUsage(Fate.COPY, known, own, others, instead)


def _slices(connection: Connection[Any], record: Row) -> tuple[Row | None, list[Row]]:
    """Return what was decided about the record's hour of its load, and of other loads."""
    own, others = None, []
    for row in read(connection, _SLICES, record):
        if (row["load_id"], row["export_name"]) == (record["load_id"], record["export_name"]):
            own = row
        else:
            others.append(row)
    return own, others


def _twin(connection: Connection[Any], load: Load, record: Row) -> int | None:
    """Return the line of the row that this one is a copy of."""
    if record["copy_key"] is None:
        return None
    lines = [row["row_number"] for row in read(connection, _TWINS, record)]
    rows = _conformed(connection, load, lines) if lines else []
    return next((row["row_number"] for row in rows if row["copy_key"] == record["copy_key"]), None)


def _conformed(connection: Connection[Any], load: Load, lines: Sequence[int]) -> list[Row]:
    """Return what the source's conform model makes of rows of a load, whether they count or not."""
    view = f"int_usage__{load.export.partition('.')[0]}"
    if not relations.exists(connection, f"intermediate.{view}"):
        return []
    query = _CONFORMED.format(sql.Identifier(view))
    return read(connection, query, [load.load_id, list(lines)])
