"""Batches of a JSON file: objects that are written alike as whole columns, the rest one by one.

One by one go the lines that no shape fits (`loader.json_shapes`), the few around a value that is
not proven, and whole groups with rows of a reply that says more around them, or with a line that
is no object.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from operator import itemgetter
from threading import Lock

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

_MAX_SHAPES, _LEARNED_AT_ONCE = 8, 4
# Of rows that no shape fits, so many are asked for theirs.
_TRIED_ROWS = 8
# So few rows around one that is refused are read one by one.
_FEW_ROWS = 32

# A row and its number in the raw table.
_Numbered = tuple[Row, int]
_Matched = tuple[_Numbered, re.Match[bytes]]


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
        self._lock = Lock()

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
        known, refused = self._shapes, list[_Numbered]()
        for turn in range(len(known) + _LEARNED_AT_ONCE):
            shape = known[turn] if turn < len(known) else self._learn(left)
            if shape is None:
                break
            matches = [shape.match(_judged_bytes(row)) for row, _ in left]
            pairs = list(zip(left, matches, strict=True))
            matched = [(numbered, match) for numbered, match in pairs if match is not None]
            left = [numbered for numbered, match in pairs if match is None]
            if matched:
                refused += self._take_proven(shape, matched, parts)
        return sorted([*left, *refused], key=itemgetter(1))

    def _take_proven(
        self, shape: Shape, matched: list[_Matched], parts: list[Batch]
    ) -> list[_Numbered]:
        """Add the batches of rows of one shape; return the few around a row that is not proven."""
        columns = self._proven(shape, [match.groups() for _, match in matched])
        if columns is not None:
            numbers = pa.array([number for (_, number), _ in matched], pa.int64())
            parts.append(Batch(columns, numbers, accounts=accounts_of(columns, self._account)))
            return []
        if len(matched) <= _FEW_ROWS:
            return [numbered for numbered, _ in matched]
        middle = len(matched) // 2
        halves = matched[:middle], matched[middle:]
        return [row for half in halves for row in self._take_proven(shape, half, parts)]

    def _learn(self, left: list[_Numbered]) -> Shape | None:
        """Return a shape of one of the rows that are left, if one of those looked at has any."""
        for row, _ in left[:: len(left) // _TRIED_ROWS + 1]:
            raw = _judged_bytes(row)
            if raw and isinstance(next(read_records([row], self._members)), Record):
                shape = shape_of(raw, self._columns, self._members.index_of)
                if shape is not None:
                    self._keep(shape)
                    return shape
        return None

    def _keep(self, shape: Shape) -> None:
        with self._lock:
            others = [known for known in self._shapes if known.pattern != shape.pattern]
            self._shapes = (*others, shape)[-_MAX_SHAPES:]

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
