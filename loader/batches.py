"""What a block of a file becomes: proven rows ready for COPY, problems, and counts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from loader.column_proofs import compile_proof
from loader.csv_blocks import PlainBlock
from loader.csv_records import read_records
from loader.exports import Column, Export
from loader.lines import UTF8_MARK, physical_lines
from loader.problems import shown_cell
from loader.recognition import Layout
from loader.records import MAX_FIELD_BYTES, Blank, Item, Problem, Record
from loader.values import compile_check, expected

_TEXT = pa.string()
Arrange = Callable[[tuple[str | None, ...]], tuple[str | None, ...]]


@dataclass
class Batch:
    """Some of a file's records: `rows` has an array of texts for each declared column.

    `line_numbers` says where each row starts. `read` counts rows, problems and blanks.
    """

    rows: list[pa.Array]
    line_numbers: pa.Array
    problems: list[Problem] = field(default_factory=list)
    blank: int = 0
    accounts: frozenset[str | None] = frozenset()

    @property
    def read(self) -> int:
        """How many records and blank lines there were."""
        return len(self.line_numbers) + len(self.problems) + self.blank


class RowProver:
    """Proves single records against the declared types; safe to use from several threads."""

    def __init__(self, export: Export, arrange: Arrange | None = None) -> None:
        self._columns = export.columns
        self._arrange = arrange
        self._checks = [compile_check(column) for column in export.columns]
        self._account = account_position(export)

    def batch(self, items: Iterable[Item], numbers: Iterable[int] | None = None) -> Batch:
        """Return the batch of items whose records are yet to be proven.

        `numbers` are the rows' own where a line can hold several; else they are those of lines.
        """
        records, lines, problems, blank = [], [], [], 0
        numbered = (
            ((item, item.line_number) for item in items)
            if numbers is None
            else zip(items, numbers, strict=True)
        )
        for item, number in numbered:
            if isinstance(item, Blank):
                blank += 1
            elif isinstance(item, Problem):
                problems.append(item)
            elif isinstance(proven := self.prove(item), Problem):
                problems.append(proven)
            else:
                records.append(proven)
                lines.append(number)
        columns = zip(*records, strict=True) if records else ((),) * len(self._columns)
        rows = [pa.array(values, _TEXT) for values in columns]
        accounts = accounts_of(rows, self._account)
        return Batch(rows, pa.array(lines, pa.int64()), problems, blank, accounts)

    def prove(self, record: Record) -> tuple[str | None, ...] | Problem:
        """Return the record's fields in declared order, or why it is refused."""
        fields = record.fields if self._arrange is None else self._arrange(record.fields)
        for column, check, value in zip(self._columns, self._checks, fields, strict=True):
            if (reason := check(value)) is not None:
                return _refused(record, column, value, reason)
        return fields


class CsvProver:
    """Proves plain blocks of a CSV file a column at a time, and the rest record by record."""

    def __init__(self, layout: Layout, header: tuple[str, ...], arrange: Arrange | None) -> None:
        self.export = layout.export
        self._header = header
        self.rows = RowProver(layout.export, arrange)
        self._account = account_position(layout.export)
        self._proofs = [compile_proof(column) for column in layout.export.columns]
        self._options = _reading_options(layout, len(header), check_utf8=True)
        self._options_of_ascii = _reading_options(layout, len(header), check_utf8=False)

    def plain(self, block: PlainBlock) -> Batch:
        """Return the batch of a block whose lines are records by themselves."""
        return self._proven(block) or joined(map(self._judged, block.parts()))

    def _judged(self, block: PlainBlock) -> Batch:
        """Return the batch of a block in which rows may be refused."""
        if (batch := self._proven(block)) is not None:
            return batch
        # Every line is one record, so nothing beyond the block is needed to judge them.
        lines = physical_lines([bytes(block.data)], block.line_number, block.byte_offset)
        return self.rows.batch(read_records(lines, self._header))

    def _proven(self, block: PlainBlock) -> Batch | None:
        """Return the batch of a block of which every row is accepted."""
        if (rows := self._columns_of(block)) is None:
            return None
        numbers = pa.arange(block.line_number, block.line_number + block.lines)
        return Batch(rows, numbers, accounts=accounts_of(rows, self._account))

    def _columns_of(self, block: PlainBlock) -> list[pa.Array] | None:
        """Return the block's columns, or None when a row is too wide, not UTF-8 or not proven."""
        # Arrow would take a byte order mark off the first value, wherever a block begins.
        if block.data[: len(UTF8_MARK)] == UTF8_MARK:
            return None
        # What is ASCII as a whole need not be checked value by value.
        options = self._options_of_ascii if block.is_ascii else self._options
        try:
            table = pa_csv.read_csv(pa.BufferReader(block.data), **options)
        except (pa.ArrowInvalid, pa.ArrowKeyError):
            return None
        if table.num_rows != block.lines:
            return None
        rows = [column.combine_chunks() for column in table.columns]  # XX
        if len(block.data) > MAX_FIELD_BYTES and any(map(_is_oversized, rows)):
            return None
        if all(proof(row) for proof, row in zip(self._proofs, rows, strict=True)):
            return rows
        return None


def _reading_options(layout: Layout, width: int, *, check_utf8: bool) -> dict[str, object]:
    """Return what makes Arrow read a plain block as COPY's CSV format would, all of it text."""
    names = [column.name for column in layout.export.columns]
    in_file = [f"field {index}" for index in range(width)]
    for name, position in zip(names, layout.positions, strict=True):
        if position is not None:
            in_file[position] = name
    return {
        # One block, so that Arrow never looks for its borders itself.
        "read_options": pa_csv.ReadOptions(
            use_threads=False, block_size=1 << 30, column_names=in_file
        ),
        "parse_options": pa_csv.ParseOptions(ignore_empty_lines=False),
        "convert_options": pa_csv.ConvertOptions(
            check_utf8=check_utf8,
            column_types=dict.fromkeys(names, _TEXT),
            include_columns=names,
            include_missing_columns=True,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    }


def joined(batches: Iterable[Batch]) -> Batch:
    """Return one batch of several that follow each other."""
    parts = list(batches)
    return Batch(
        [pa.concat_arrays(rows) for rows in zip(*(part.rows for part in parts), strict=True)],
        pa.concat_arrays([part.line_numbers for part in parts]),
        [problem for part in parts for problem in part.problems],
        sum(part.blank for part in parts),
        frozenset().union(*(part.accounts for part in parts)),
    )


def _is_oversized(values: pa.Array) -> bool:
    longest = pc.max(pc.binary_length(values)).as_py()
    return longest is not None and longest > MAX_FIELD_BYTES


def account_position(export: Export) -> int | None:
    """Return which of the columns holds the vendor's account, if one does."""
    names = [column.name for column in export.columns]
    return None if export.account_column is None else names.index(export.account_column)


def accounts_of(rows: list[pa.Array], position: int | None) -> frozenset[str | None]:
    """Return the accounts that the column at `position` names; none where there is none."""
    return frozenset() if position is None else frozenset(rows[position].unique().to_pylist())


def _refused(record: Record, column: Column, value: str | None, reason: str) -> Problem:
    return Problem(
        record.line_number,
        record.byte_offset,
        column.name,
        reason,
        expected(column),
        shown_cell(column, value),
        record.raw,
    )
