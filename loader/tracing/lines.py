"""What every load of a file made of one of its lines, and the line a charge or usage came from."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from psycopg import Connection

from loader import ledger
from loader.errors import NotFoundError
from loader.exports import Export
from loader.ledger import Load
from loader.one_moment import one_moment
from loader.personal_data import masked_line, masked_row, personal_columns
from loader.tracing import files, originals
from loader.tracing.charges import TracedCharge, charge_of_id
from loader.tracing.facts import Row
from loader.tracing.identifiers import find_id
from loader.tracing.originals import Original, UnreadableError
from loader.tracing.raw_records import Place, last_line, neighbours, raw_row, rejects_of
from loader.tracing.usage import TracedUsage, usage_of_id, usage_of_row, was_built

_SHOWN_LOADS = 5
# What a build replaces, of what is read; a line can be traced before anything is built.
_READ = (
    "intermediate.int_allocation__owners",
    "intermediate.int_usage__duplicates",
    "intermediate.int_usage__slice_status",
    "marts.dim_prices",
    "marts.fct_charges",
    "marts.fct_usage_hourly",
    "marts.rpt_unallocated_costs",
    "marts.rpt_unpriced_usage",
    "reference.attribution_rules",
    "reference.fixed_charges",
    "reference.meters",
)


class Kind(StrEnum):
    """What a line of a file is."""

    ROW = "row"
    REJECTED = "rejected"
    HEADER = "header"
    BLANK = "blank"
    INSIDE = "inside a record"
    BETWEEN = "between records"
    NOT_LOADED = "not loaded"
    BEYOND = "beyond the end"


@dataclass(frozen=True)
class TracedLine:
    """What one load made of a line of its file.

    `begins_on` is the line of the record this one lies inside, `replacement` the load that took
    this one's place. Of a row there are its values as exported, masked, and a record in `usage`
    for each of its measures, none where `is_built` is false; `original` is its text, where asked.
    """

    load: Load
    line: int
    kind: Kind
    replacement: Load | None = None
    begins_on: int | None = None
    rejects: Sequence[Row] = ()
    raw: dict[str, str | None] | None = None
    is_built: bool = False
    usage: Sequence[TracedUsage] = ()
    original: Original | None = None
    end: str | None = None


def trace_line(  # noqa: PLR0913  # one for each thing a person may say
    connection: Connection[Any],
    exports: Sequence[Export],
    file: str,
    line: int,
    *,
    load_id: int | None = None,
    fetch: bool = False,
) -> list[TracedLine]:
    """Return what became of a line in every load of the file, newest first, or in one of them.

    The connection must not be inside a transaction. Raises `NotFoundError`.
    """
    with _one_moment(connection):
        loads = _loads(connection, file, load_id)
        traces = [_trace(connection, exports, load, line, fetch=fetch) for load in loads]
    found = [trace for trace in traces if trace.kind is not Kind.BEYOND]
    if not found:
        ends = [f"load {trace.load.load_id}: {trace.end}" for trace in traces]
        message = f"{file}: has no line {line:,}"
        raise NotFoundError(message, *ends)
    return found


def trace_usage(
    connection: Connection[Any], exports: Sequence[Export], text: str, *, fetch: bool = False
) -> TracedLine:
    """Return the line of the usage record with this id or beginning of one; see `find_id`."""
    with _one_moment(connection):
        usage = usage_of_id(connection, find_id(connection, "usage", text))
        return _origin(connection, exports, usage, fetch=fetch)


def trace_charge(
    connection: Connection[Any], exports: Sequence[Export], text: str, *, fetch: bool = False
) -> TracedLine | TracedCharge:
    """Return the line of the charge with this id or beginning of one; see `find_id`.

    A fixed charge comes from a seed and has no line: it is returned itself.
    """
    with _one_moment(connection):
        charge = charge_of_id(connection, find_id(connection, "charge", text))
        if charge.charge["usage_id"] is None:
            return charge
        usage = usage_of_id(connection, charge.charge["usage_id"])
        return _origin(connection, exports, replace(usage, charge=charge), fetch=fetch)


@contextmanager
def _one_moment(connection: Connection[Any]) -> Iterator[None]:
    """Read everything as of one moment, which a build or a load that ends changes nothing of."""
    with one_moment(connection, _READ, are_needed=False):
        # Compiling a query takes longer than finding one row with it.
        connection.execute("set local jit = off")
        yield


def _loads(connection: Connection[Any], file: str, load_id: int | None) -> tuple[Load, ...]:
    loads = files.find_loads(connection, file)
    if not loads:
        alike = files.loads_of_name(connection, file)[:_SHOWN_LOADS]
        hints = [f"load {load.load_id} is of {load.uri}" for load in alike]
        message = f"{file}: no load of this file is in the ledger"
        raise NotFoundError(message, *hints, "see what was loaded with: loader loads")
    chosen = tuple(load for load in loads if load_id in {None, load.load_id})
    if not chosen:
        message = f"--load {load_id}: is no load of {file}"
        raise NotFoundError(message, f"its loads: {', '.join(str(load.load_id) for load in loads)}")
    return chosen


def _export_of(exports: Sequence[Export], load: Load) -> Export:
    for export in exports:
        if export.name == load.export:
            return export
    message = f"load {load.load_id}: {load.export} is not declared any more"
    raise NotFoundError(message, "its rows stand in the raw table; see: loader sources")


def _replacement(connection: Connection[Any], load: Load) -> Load | None:
    return None if load.replaced_by is None else ledger.find(connection, load.replaced_by)


def _trace(
    connection: Connection[Any], exports: Sequence[Export], load: Load, line: int, *, fetch: bool
) -> TracedLine:
    if load.status in {"failed", "loading"}:
        return TracedLine(load, line, Kind.NOT_LOADED)
    place = Place(load, _export_of(exports, load), line, fetch)
    rejects, raw = rejects_of(connection, place), raw_row(connection, place)
    replacement, built = _replacement(connection, load), was_built(connection, load)
    if raw is None and rejects:
        return TracedLine(load, line, Kind.REJECTED, replacement, rejects=rejects)
    if raw is None:
        return replace(_without_record(connection, place), replacement=replacement)
    return TracedLine(
        *(load, line, Kind.ROW, replacement),
        rejects=rejects,
        raw=masked_row(raw, personal_columns(place.export)),
        is_built=built,
        usage=usage_of_row(connection, load, line) if built else (),
    )


def _origin(
    connection: Connection[Any], exports: Sequence[Export], usage: TracedUsage, *, fetch: bool
) -> TracedLine:
    """Return the line a usage record was made of, with its text."""
    load = ledger.find(connection, usage.record["load_id"])
    if load is None:
        message = f"the ledger has no load {usage.record['load_id']}"
        raise NotFoundError(message, "the marts are not of this ledger: make build")
    place = Place(load, _export_of(exports, load), usage.record["row_number"], fetch)
    raw = raw_row(connection, place)
    if raw is None:
        message = f"load {load.load_id}: the raw table has no row of line {place.line}"
        raise NotFoundError(message, "the marts are not of these raw rows: make build")
    personal = personal_columns(place.export)
    original = originals.read_original(load, place.export, place.line, raw, fetch=fetch)
    text = masked_line(original.text, [raw.get(name) for name in personal])
    return TracedLine(
        *(load, place.line, Kind.ROW, _replacement(connection, load)),
        raw=masked_row(raw, personal),
        is_built=True,
        usage=[usage],
        original=replace(original, text=text),
    )


def _without_record(connection: Connection[Any], place: Place) -> TracedLine:
    """Say what a line is that no record begins on.

    Every line of a CSV file is the header, a part of a record, refused or blank, so what is left
    between two records is blank. Behind the last one, and in JSON, the file itself is asked.
    """
    load, line = place.load, place.line
    if load.header is not None and line == 1:
        return TracedLine(load, line, Kind.HEADER)
    before, after = neighbours(connection, place)
    if load.header is not None:
        if before is not None and line <= last_line(connection, place, before):
            return TracedLine(load, line, Kind.INSIDE, begins_on=before)
        if after is not None:
            return TracedLine(load, line, Kind.BLANK)
    try:
        return _in_file(place)
    except UnreadableError as error:
        if after is not None:
            return TracedLine(load, line, Kind.BETWEEN)
        last = "it holds no record" if before is None else f"its last record begins on {before:,}"
        return TracedLine(load, line, Kind.BEYOND, end=f"{last}; {error}")


def _in_file(place: Place) -> TracedLine:
    """Say what a line is by the file itself; raise `UnreadableError`."""
    load, line = place.load, place.line
    found = originals.locate(load, place.export, line, fetch=place.fetch)
    if line > found.lines:
        lines = "line" if found.lines == 1 else "lines"
        return TracedLine(load, line, Kind.BEYOND, end=f"it has {found.lines:,} {lines}")
    if found.is_blank:
        return TracedLine(load, line, Kind.BLANK)
    kind = Kind.BETWEEN if found.record_line is None else Kind.INSIDE
    return TracedLine(load, line, kind, begins_on=found.record_line)
