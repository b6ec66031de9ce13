"""Proof of whole columns at once: what is accepted here, `loader.values` accepts value by value.

Each proof is a quick test that most columns of most files pass; where it does not apply, every
distinct value goes through the check of `loader.values`, whose verdicts are remembered. A column
that is not proven is not yet refused: the caller then looks at its rows one by one.
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from loader.exports import Column
from loader.values import Check, compile_check

Proof = Callable[[pa.Array], bool]

_Places = np.ndarray[tuple[int], np.dtype[np.intp]]
_Offsets = np.ndarray[tuple[int], np.dtype[np.int32]]

_DIGITS_OF_ANY_BIGINT, _LAST_DIGIT = 18, 9
_REMEMBERED_VALUES = 50_000
_REMEMBERED_LENGTH = 1024
# Objects of JSON without escapes: with the texts of their members left out, few kinds remain, and
# each is proven once. No value can hide a quote, so what is left out is always one whole text.
_MEMBER_TEXT = r':[ ]?"[^"\\\x00-\x1f]*"'


def compile_proof(column: Column) -> Proof:
    """Return a function that says whether all values of a column's array are acceptable."""
    digits = _usual_digits(column)
    remembered = _Remembered(compile_check(column))
    is_any_text = column.type.name == "text" and column.pattern is None

    def prove(values: pa.Array) -> bool:
        if column.is_not_null and _has_empty(values):
            return False
        if is_any_text:
            return True
        if digits is not None:
            values = _unusual_numbers(values, *digits)
        elif column.type.name == "jsonb":
            values = _kinds_of_object(values)
        return remembered.accepts(values)

    return prove


class _Remembered:
    """A check whose verdicts on short values are kept: hours, names and tags repeat."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._accepted: set[str] = set()

    def accepts(self, values: pa.Array) -> bool:
        """Say whether every value passes; nulls do, they were looked at before."""
        if not len(values):
            return True
        new = {value for value in values.unique().to_pylist() if value is not None}
        new -= self._accepted
        if any(self._check(value) is not None for value in new):
            return False
        if len(self._accepted) > _REMEMBERED_VALUES:
            self._accepted = set()
        self._accepted |= {value for value in new if len(value) <= _REMEMBERED_LENGTH}
        return True


def _has_empty(values: pa.Array) -> bool:
    return bool(values.null_count) or not np.diff(_offsets_of(values)).all()


def _offsets_of(values: pa.Array) -> _Offsets:
    """Return where each value begins in the bytes of all of them, and where the last one ends."""
    offsets = np.frombuffer(values.buffers()[1], np.int32)
    return offsets[values.offset : values.offset + len(values) + 1]


def _usual_digits(column: Column) -> tuple[int, int] | None:
    """Return how many digits before and behind a point the column's check accepts in any case."""
    if column.pattern is not None:
        return None
    if column.type.name == "bigint":
        return _DIGITS_OF_ANY_BIGINT, 0
    if column.type.name == "numeric" and column.type.precision > column.type.scale:
        return column.type.precision - column.type.scale, column.type.scale
    return None


def _unusual_numbers(values: pa.Array, whole: int, scale: int) -> pa.Array:
    """Return the values that are not digits alone, at most one point among them, in these limits.

    Looks at the bytes of all values at once: no value is made a text of its own.
    """
    offsets = _offsets_of(values)
    text = np.frombuffer(values.buffers()[2] or b"", np.uint8)[offsets[0] : offsets[-1]]
    marks = np.flatnonzero(text - ord("0") > _LAST_DIGIT) + offsets[0]
    rows = _rows_of(marks, offsets)
    before, behind = marks - offsets[rows], offsets[rows + 1] - marks - 1
    lengths = np.diff(offsets)
    lengths[rows] = before
    is_unusual = (lengths < 1) | (lengths > whole)
    is_point = text[marks - offsets[0]] == ord(".")
    is_unusual[rows[~is_point | (behind < 1) | (behind > scale)]] = True
    is_unusual[rows[1:][rows[1:] == rows[:-1]]] = True
    return values.filter(pa.array(is_unusual)) if is_unusual.any() else values.slice(0, 0)


def _rows_of(places: _Places, offsets: _Offsets) -> _Places:
    """Return the row that each place lies in; usually there is one in each row."""
    if len(places) == len(offsets) - 1:
        is_within = (offsets[:-1] <= places) & (places < offsets[1:])
        if is_within.all():
            return np.arange(len(places))
    return np.searchsorted(offsets, places, side="right") - 1


def _kinds_of_object(values: pa.Array) -> pa.Array:
    """Replace the texts in objects by nothing, where a value has no escape and no control."""
    distinct = values.unique().drop_null()
    if not len(distinct):
        return distinct
    escaped = distinct.slice(0, 0)
    if b"\\" in distinct.buffers()[2].to_pybytes():
        has_escape = pc.match_substring(distinct, "\\")
        escaped, distinct = distinct.filter(has_escape), distinct.filter(pc.invert(has_escape))
    plain = pc.replace_substring_regex(distinct, pattern=_MEMBER_TEXT, replacement=':""')
    return pa.concat_arrays([plain, escaped])
