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
_Bytes = np.ndarray[tuple[int], np.dtype[np.uint8]]
_Cells = np.ndarray[tuple[int, int], np.dtype[np.uint8]]
_Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]

_DIGITS_OF_ANY_BIGINT, _LAST_DIGIT = 18, 9
_REMEMBERED_VALUES = 50_000
_REMEMBERED_LENGTH = 1024
_QUOTE, _COLON, _BLANK = b'":'[0], b":"[0], b" "[0]
# How moments are usually written, digits as 0; the zone is UTC, which a timestamp need not name.
_MOMENTS = (b"0000-00-00T00:00:00Z", b"0000-00-00T00:00:00.000Z")
_MOMENTS_WITHOUT_ZONE = (b"0000-00-00T00:00:00",)
_BETWEEN_DATE_AND_TIME = _MOMENTS[0].index(b"T")
# Of no month, then of January to December; the 29th of February is not usual.
_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.uint8)
_LAST_MONTH = len(_DAYS) - 1
# Where hour, minute and second stand, and the last there is.
_LAST_OF_TIME = {11: 23, 14: 59, 17: 59}


def compile_proof(column: Column) -> Proof:
    """Return a function that says whether all values of a column's array are acceptable."""
    digits, moments = _usual_digits(column), _usual_moments(column)
    remembered = _Remembered(compile_check(column))
    is_any_text = column.type.name == "text" and column.pattern is None

    def prove(values: pa.Array) -> bool:
        if column.is_not_null and _has_empty(values):
            return False
        if is_any_text:
            return True
        if digits is not None:
            values = _unusual_numbers(values, *digits)
        elif moments:
            values = _unusual_moments(values, moments)
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


def _usual_moments(column: Column) -> tuple[bytes, ...]:
    """Return the layouts of moments that the column's check accepts for any day and time."""
    if column.pattern is not None or column.type.name not in {"timestamp", "timestamptz"}:
        return ()
    return _MOMENTS + (_MOMENTS_WITHOUT_ZONE if column.type.name == "timestamp" else ())


def _unusual_moments(values: pa.Array, layouts: tuple[bytes, ...]) -> pa.Array:
    """Return the values that are not a moment of the calendar in one of the layouts."""
    offsets, is_unusual = _offsets_of(values), np.ones(len(values), np.bool_)
    text = np.frombuffer(values.buffers()[2] or b"", np.uint8)
    for layout in layouts:
        rows = np.flatnonzero(np.diff(offsets) == len(layout))
        if len(rows):
            cells = text[offsets[rows][:, None] + np.arange(len(layout))]
            is_unusual[rows] = ~_are_moments(cells, np.frombuffer(layout, np.uint8))
    return values.filter(pa.array(is_unusual))


def _are_moments(cells: _Cells, layout: _Bytes) -> _Flags:
    """Say of each row of characters whether it is a moment written in this layout."""
    between = cells[:, _BETWEEN_DATE_AND_TIME]
    between[between == _BLANK] = layout[_BETWEEN_DATE_AND_TIME]
    digits, is_digit = cells - ord("0"), layout == ord("0")
    # What is no digit makes numbers of no sense below, but is none in any case.
    is_moment = np.ones(len(cells), np.bool_)
    is_moment &= (digits[:, is_digit] <= _LAST_DIGIT).all(axis=1)
    is_moment &= (cells[:, ~is_digit] == layout[~is_digit]).all(axis=1)
    year, month, day = digits[:, :4], _two_digits(digits, 5), _two_digits(digits, 8)
    is_month = month <= _LAST_MONTH
    is_moment &= year.any(axis=1) & is_month & (day > 0) & (day <= _DAYS[month * is_month])
    for at, last in _LAST_OF_TIME.items():
        is_moment &= _two_digits(digits, at) <= last
    return is_moment


def _two_digits(digits: _Cells, at: int) -> _Bytes:
    return digits[:, at] * np.uint8(10) + digits[:, at + 1]


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
    return pa.concat_arrays([without_member_texts(distinct), escaped])


def without_member_texts(values: pa.Array) -> pa.Array:
    """Leave the texts behind colons empty: of many objects without escapes, few kinds remain.

    A quote that no escape can hide opens a text or closes one, turn by turn, so what is left out
    is always one whole text, and a value is JSON without it exactly when it is with it.
    """
    offsets = _offsets_of(values)
    buffer = values.buffers()[2]
    text = np.frombuffer(buffer or b"", np.uint8)[: offsets[-1]]
    quotes = np.flatnonzero(text == _QUOTE)
    quotes = quotes[np.searchsorted(quotes, offsets[0]) :]
    is_odd = np.searchsorted(quotes, offsets) % 2
    if not len(quotes) or is_odd.any() or text.min() < _BLANK:
        return values
    opening, closing = quotes[::2], quotes[1::2]
    before = text[opening - 1]
    is_member = (before == _COLON) | ((before == _BLANK) & (text[opening - 2] == _COLON))
    opening, closing = opening[is_member] + 1, closing[is_member]
    borders = np.empty(2 * len(opening) + 2, np.int32)
    borders[0], borders[1:-1:2], borders[2:-1:2], borders[-1] = (
        offsets[0],
        opening,
        closing,
        offsets[-1],
    )
    pieces = pa.StringArray.from_buffers(len(borders) - 1, pa.py_buffer(borders), buffer)
    kept = pieces.take(pa.array(np.arange(0, len(pieces), 2)))
    left_out = np.concatenate([[0], np.cumsum(closing - opening)])
    ends = offsets - offsets[0] - left_out[np.searchsorted(opening, offsets)]
    ends = pa.py_buffer(ends.astype(np.int32))
    return pa.StringArray.from_buffers(len(values), ends, kept.buffers()[2])
