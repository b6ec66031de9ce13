"""From the bytes of a file to the work that proves it, as the export it is recognised as."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain, islice
from operator import itemgetter

from loader import csv_records, json_records
from loader.batches import Arrange, Batch, CsvProver
from loader.csv_blocks import PlainBlock, csv_blocks
from loader.errors import DataRefusedError
from loader.exports import Export
from loader.json_batches import JsonProver
from loader.json_files import json_rows
from loader.json_replies import Row
from loader.lines import UTF8_MARK, Line, without_mark
from loader.recognition import Layout, recognise
from loader.records import MAX_KEPT_BYTES, Problem

Read = Callable[[int], bytes]
Job = Callable[[], Batch]

_JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
_LINES_TO_RECOGNISE = 100
_READ_BYTES = 1 << 18
_JOB_BYTES = 1 << 19


@dataclass(frozen=True)
class Reading:
    """A recognised file; each of its `jobs` proves some of its records, in any thread.

    `header` holds the exact bytes of a CSV file's first line, its line end included.
    """

    export: Export
    header: bytes | None
    jobs: Iterator[Job]


def read_export(
    read: Read, exports: Sequence[Export], place: str, *, evolve: bool = False
) -> Reading:
    """Recognise what `read` returns as one of `exports`; `place` is what messages call the file.

    The jobs prove every field castable to its column's declared type. With `evolve`, columns that
    are not declared become text columns of the export. Raises `DataRefusedError` when the file is
    empty, not UTF-8, or none of the exports.
    """
    head = b""
    while len(head) <= len(UTF8_MARK) and (part := read(_READ_BYTES)):
        head += part
    if head in {b"", UTF8_MARK}:
        message = f"{place}: is empty, without even a header"
        raise DataRefusedError(message, "nothing was loaded; export the file again")
    is_json = place.lower().endswith(_JSON_SUFFIXES) or head.startswith((b"{", b"["))
    reader = _read_jsonl if is_json else _read_csv
    fitting = _of_format("jsonl" if is_json else "csv", exports, place)
    return reader(head, read, fitting, place, evolve=evolve)


def _of_format(name: str, exports: Sequence[Export], place: str) -> list[Export]:
    fitting = [export for export in exports if name in export.formats]
    if not fitting:
        formats = " or ".join(sorted({form for export in exports for form in export.formats}))
        message = f"{place}: is {name}, expected {formats}"
        raise DataRefusedError(message, "nothing was loaded; see: loader sources")
    return fitting


def _read_csv(
    head: bytes, read: Read, exports: Sequence[Export], place: str, *, evolve: bool
) -> Reading:
    while b"\n" not in head and len(head) <= MAX_KEPT_BYTES and (more := read(_READ_BYTES)):
        head += more
    size = head.find(b"\n") + 1 or len(head)
    first = without_mark(Line(1, 0, head[:size]), place)
    header = csv_records.read_header(first)
    if isinstance(header, Problem):
        hints = [header.expected] if header.expected else []
        message = f"{place}:1: the header {header.reason}"
        raise DataRefusedError(message, *hints, "nothing was loaded")
    prover = _prover(header, exports, f"{place}:1", evolve=evolve)
    rest = Line(2, size, head[size:])
    blocks = csv_blocks(read, rest, header, place, prover.rows.prove)
    jobs = (
        partial(prover.plain, block)
        if isinstance(block, PlainBlock)
        else partial(prover.rows.batch, block.items)
        for block in blocks
    )
    return Reading(prover.export, first.raw, jobs)


# Thousands of small files have the same header: what is compiled from it is made once.
_PROVERS: dict[tuple[object, ...], tuple[Sequence[Export], CsvProver]] = {}
_MAX_PROVERS = 64


def _prover(
    header: tuple[str, ...], exports: Sequence[Export], place: str, *, evolve: bool
) -> CsvProver:
    # The exports are kept with the prover, so that none of their identities is used again.
    key = (header, evolve, *map(id, exports))
    if key not in _PROVERS:
        layout = recognise(header, exports, place, evolve=evolve)
        if len(_PROVERS) == _MAX_PROVERS:
            _PROVERS.clear()
        _PROVERS[key] = exports, CsvProver(layout, header, _arrangement(layout, len(header)))
    return _PROVERS[key][1]


def _arrangement(layout: Layout, width: int) -> Arrange | None:
    """Return what puts fields of a file in declared order, or None when they already are."""
    if layout.positions == tuple(range(width)):
        return None
    positions = [width if position is None else position for position in layout.positions]
    if len(positions) == 1:
        return lambda fields: (*fields, None)[positions[0] : positions[0] + 1]
    pick = itemgetter(*positions)
    return lambda fields: pick((*fields, None))


def _read_jsonl(
    head: bytes, read: Read, exports: Sequence[Export], place: str, *, evolve: bool
) -> Reading:
    chunks = chain([head], iter(partial(read, _READ_BYTES), b""))
    envelopes = [export.envelope for export in exports if export.envelope is not None]
    lines = json_rows(chunks, envelopes, place)
    first = list(islice(lines, _LINES_TO_RECOGNISE))
    export = _export_of_objects(first, exports, place, evolve=evolve)
    prover = _json_prover(export)
    jobs = (partial(prover.batch, *group) for group in _groups(chain(first, lines)))
    return Reading(export, None, jobs)


# Small files are written alike as well: what was learned of one is known of the next.
@lru_cache(_MAX_PROVERS)
def _json_prover(export: Export) -> JsonProver:
    return JsonProver(export)


def numbered(lines: Iterable[Row]) -> Iterator[tuple[int, Row]]:
    """Yield the rows of a JSON file with the number each has in the raw table.

    That is its line; several on one line are numbered on from it, so none are alike.
    """
    number = 0
    for line in lines:
        number = max(line[0], number + 1)
        yield number, line


def _groups(lines: Iterable[Row]) -> Iterator[tuple[list[Row], list[int]]]:
    """Yield the rows in groups, with the number of each."""
    group, numbers = list[Row](), list[int]()
    size = 0
    for number, line in numbered(lines):
        group.append(line)
        numbers.append(number)
        size += len(line.raw or b"")
        if size >= _JOB_BYTES:
            yield group, numbers
            group, numbers, size = [], [], 0
    if group:
        yield group, numbers


def _export_of_objects(
    head: list[Row], exports: Sequence[Export], place: str, *, evolve: bool
) -> Export:
    """Return the export of the first object whose keys fit one; refuse by the first object."""
    refusal: DataRefusedError | None = None
    broken: Problem | None = None
    for row in head:
        members = json_records.read_members(row)
        if isinstance(members, Problem):
            broken = broken or members
        elif isinstance(members, dict):
            try:
                where = f"{place}:{row[0]}"
                return recognise(list(members), exports, where, evolve=evolve).export
            except DataRefusedError as error:
                refusal = refusal or error
    if refusal is not None:
        raise refusal
    expectation = "nothing was loaded; expected JSON objects, one on each line or in an array"
    if broken is not None:
        message = f"{place}:{broken.line_number}: the line {broken.reason}"
        raise DataRefusedError(message, expectation)
    message = f"{place}: holds no JSON object{' in its first lines' if head else ''}"
    raise DataRefusedError(message, expectation)
