"""Batches of a JSON file: objects that are written alike as whole columns, the rest one by one."""

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from loader.batches import Batch, RowProver, account_position, accounts_of, joined
from loader.column_proofs import compile_proof
from loader.exports import Export, normalised
from loader.json_records import read_records
from loader.json_replies import Row
from loader.json_shapes import Shape, Values, shape_of
from loader.lines import Line
from loader.problems import shown_name
from loader.records import MAX_FIELD_BYTES, Record

_MAX_SHAPES = 8

# A row and its number in the raw table.
_Numbered = tuple[Row, int]


class Members:
    """Puts the members of an object in the order of an export's columns, or says why not."""

    def __init__(self, export: Export) -> None:
        self._columns = export.columns
        self._indexes = {
            spelling: index
            for index, column in enumerate(export.columns)
            for spelling in column.spellings
        }

    def index_of(self, key: str) -> int | None:
        """Return which of the columns a key stands for."""
        return self._indexes.get(normalised(key))

    def __call__(self, members: dict[str, str | None]) -> tuple[str | None, ...] | str:
        """Return the values in declared order, or the reason why there are none."""
        found: dict[int, str | None] = {}
        for key, value in members.items():
            index = self.index_of(key)
            if index is None:
                return f"has an unexpected column {shown_name(key)}"
            if index in found:
                return f"has {self._columns[index].name} more than once"
            found[index] = value
        for index, column in enumerate(self._columns):
            if index not in found and not column.is_optional:
                return f"has no {column.name}"
        return tuple([found.get(index) for index in range(len(self._columns))])


class JsonProver:
    """Proves the rows of a JSON file; safe to use from several threads."""

    def __init__(self, export: Export) -> None:
        self._columns = export.columns
        self._members = Members(export)
        self._rows = RowProver(export)
        self._proofs = [compile_proof(column) for column in export.columns]
        self._account = account_position(export)
        self._shapes: tuple[Shape, ...] = ()

    def batch(self, rows: Sequence[Row], numbers: Sequence[int]) -> Batch:
        """Return the batch of rows; `numbers` are their own, where a line can hold several."""
        left, parts = list(zip(rows, numbers, strict=True)), list[Batch]()
        if all(type(row) is Line for row in rows):
            left = self._take_alike(left, parts)
        if left or not parts:
            items = read_records((row for row, _ in left), self._members)
            parts.append(self._rows.batch(items, [number for _, number in left]))
        return parts[0] if len(parts) == 1 else _in_order(joined(parts))

    def _take_alike(self, left: list[_Numbered], parts: list[Batch]) -> list[_Numbered]:
        """Add the batches of rows whose shape is known or can be learned; return the others."""
        for turn in range(_MAX_SHAPES):
            shape = self._shapes[turn] if turn < len(self._shapes) else self._learn(left)
            if shape is None:
                break
            matches = [shape.match(_judged_bytes(row)) for row, _ in left]
            values = [match.groups() for match in matches if match is not None]
            if values:
                columns = self._proven(shape, values)
                if columns is None:
                    break
                pairs = list(zip(left, matches, strict=True))
                numbers = [number for (_, number), match in pairs if match is not None]
                accounts = accounts_of(columns, self._account)
                parts.append(Batch(columns, pa.array(numbers, pa.int64()), accounts=accounts))
                left = [numbered for numbered, match in pairs if match is None]
        return left

    def _learn(self, left: list[_Numbered]) -> Shape | None:
        """Return the shape of the first row that is left, if it is a record and of any shape."""
        if not left:
            return None
        row = left[0][0]
        record = next(read_records([row], self._members))
        raw = _judged_bytes(row)
        if not isinstance(record, Record) or not raw:
            return None
        shape = shape_of(raw, self._columns, self._members.index_of)
        if shape is not None:
            self._shapes += (shape,)
        return shape

    def _proven(self, shape: Shape, values: list[Values]) -> list[pa.Array] | None:
        """Return the columns of objects of one shape, or None when not every row is accepted."""
        texts = list(zip(*values, strict=True))
        try:
            columns = [
                pa.nulls(len(values), pa.string())
                if position is None
                else pa.array(texts[position], pa.binary()).cast(pa.string())
                for position in shape.positions
            ]
        except pa.ArrowInvalid:
            return None
        if all(proof(column) for proof, column in zip(self._proofs, columns, strict=True)):
            return columns
        return None


def _judged_bytes(row: Row) -> bytes:
    """Return a line that no limit forbids to look at as a whole; nothing for another."""
    raw = row.raw or b""
    return raw if len(raw) <= MAX_FIELD_BYTES else b""


def _in_order(batch: Batch) -> Batch:
    order = pc.sort_indices(batch.line_numbers)
    return replace(
        batch,
        rows=[column.take(order) for column in batch.rows],
        line_numbers=batch.line_numbers.take(order),
    )
