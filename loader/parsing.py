"""From the bytes of a file to proven records of the export it is recognised as."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from operator import itemgetter

from loader import csv_records, json_records
from loader.errors import DataRefusedError
from loader.exports import Column, Export, normalised
from loader.lines import Line, utf8_lines
from loader.problems import shortened, shown_cell
from loader.recognition import Layout, recognise
from loader.records import Item, Problem, Record
from loader.values import compile_check, expected

_JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
_LINES_TO_RECOGNISE = 100


@dataclass(frozen=True)
class Reading:
    """A recognised file; `items` are its records, fields in declared order, blanks and problems."""

    export: Export
    items: Iterator[Item]


def read_export(chunks: Iterable[bytes], exports: Sequence[Export], place: str) -> Reading:
    """Recognise the file at `place` as one of `exports` and read it.

    Every field of a record is proven castable to its column's declared type. Raises
    `DataRefusedError` when the file is empty, not UTF-8, or none of the exports.
    """
    lines = utf8_lines(chunks, place)
    first = next(lines, None)
    if first is None or first.raw == b"":
        message = f"{place}: is empty, without even a header"
        raise DataRefusedError(message, "nothing was loaded; export the file again")
    is_json = place.lower().endswith(_JSON_SUFFIXES) or (first.raw or b"").startswith((b"{", b"["))
    read = _read_jsonl if is_json else _read_csv
    return read(first, lines, _of_format("jsonl" if is_json else "csv", exports, place), place)


def _of_format(name: str, exports: Sequence[Export], place: str) -> list[Export]:
    fitting = [export for export in exports if export.format == name]
    if not fitting:
        formats = " or ".join(sorted({export.format for export in exports}))
        message = f"{place}: is {name}, expected {formats}"
        raise DataRefusedError(message, "nothing was loaded; see: loader sources")
    return fitting


def _read_csv(first: Line, lines: Iterator[Line], exports: Sequence[Export], place: str) -> Reading:
    header = csv_records.read_header(first)
    if isinstance(header, Problem):
        hints = [header.expected] if header.expected else []
        message = f"{place}:1: the header {header.reason}"
        raise DataRefusedError(message, *hints, "nothing was loaded")
    layout = recognise(header, exports, f"{place}:1")
    records = csv_records.read_records(lines, header)
    return Reading(
        layout.export, _proven(records, layout.export, _arrangement(layout, len(header)))
    )


def _arrangement(
    layout: Layout, width: int
) -> Callable[[tuple[str | None, ...]], tuple[str | None, ...]] | None:
    """Return what puts fields of a file in declared order, or None when they already are."""
    if layout.positions == tuple(range(width)):
        return None
    positions = [width if position is None else position for position in layout.positions]
    if len(positions) == 1:
        return lambda fields: (*fields, None)[positions[0] : positions[0] + 1]
    pick = itemgetter(*positions)
    return lambda fields: pick((*fields, None))


def _proven(
    items: Iterator[Item],
    export: Export,
    arrange: Callable[[tuple[str | None, ...]], tuple[str | None, ...]] | None,
) -> Iterator[Item]:
    checks = [(index, compile_check(column)) for index, column in enumerate(export.columns)]
    for item in items:
        if not isinstance(item, Record):
            yield item
            continue
        number, offset, raw, fields = item
        if arrange is not None:
            fields = arrange(fields)
        for index, check in checks:
            if (reason := check(fields[index])) is not None:
                yield _refused(item, export.columns[index], fields[index], reason)
                break
        else:
            yield item if arrange is None else Record(number, offset, raw, fields)


def _refused(record: Record, column: Column, value: str | None, reason: str) -> Problem:
    return Problem(
        record.line_number,
        record.byte_offset,
        column.name,
        reason,
        expected(column),
        shown_cell(column, value),
    )


def _read_jsonl(
    first: Line, lines: Iterator[Line], exports: Sequence[Export], place: str
) -> Reading:
    head = [first, *islice(lines, _LINES_TO_RECOGNISE - 1)]
    export = _export_of_objects(head, exports, place)
    records = json_records.read_records(chain(head, lines), _Members(export))
    return Reading(export, _proven(records, export, None))


def _export_of_objects(head: list[Line], exports: Sequence[Export], place: str) -> Export:
    """Return the export of the first object whose keys fit one; refuse by the first object."""
    refusal: DataRefusedError | None = None
    for line in head:
        text = json_records.read_text(line)
        if isinstance(text, Problem):
            continue
        try:
            members = json_records.read_object(text)
            return recognise(list(members), exports, f"{place}:{line.number}").export
        except json_records.NotAnObjectError:
            continue
        except DataRefusedError as error:
            refusal = refusal or error
    if refusal is not None:
        raise refusal
    message = f"{place}: holds no JSON object in its first {len(head):,} lines"
    raise DataRefusedError(message, "nothing was loaded; expected one JSON object on each line")


class _Members:
    """Puts the members of an object in the order of an export's columns, or says why not."""

    def __init__(self, export: Export) -> None:
        self._columns = export.columns
        self._indexes = {
            spelling: index
            for index, column in enumerate(export.columns)
            for spelling in column.spellings
        }

    def __call__(self, members: dict[str, str | None]) -> tuple[str | None, ...] | str:
        found: dict[int, str | None] = {}
        for key, value in members.items():
            index = self._indexes.get(normalised(key))
            if index is None:
                name = "with an e-mail address" if "@" in key else shortened(key)
                return f"has an unexpected column {name}"
            if index in found:
                return f"has {self._columns[index].name} more than once"
            found[index] = value
        for index, column in enumerate(self._columns):
            if index not in found and not column.is_optional:
                return f"has no {column.name}"
        return tuple([found.get(index) for index in range(len(self._columns))])
