"""Proof of whole columns at once: what is accepted here, `loader.values` accepts value by value.

Each proof is a quick test that most columns of most files pass; where it does not apply, every
distinct value goes through the check of `loader.values`, whose verdicts are remembered. A column
that is not proven is not yet refused: the caller then looks at its rows one by one.
"""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from loader.exports import Column
from loader.values import Check, compile_check

Proof = Callable[[pa.Array], bool]

_REMEMBERED_VALUES = 50_000
_REMEMBERED_LENGTH = 1024
# Objects of JSON without escapes: with the texts of their members left out, few kinds remain, and
# each is proven once. No value can hide a quote, so what is left out is always one whole text.
_MEMBER_TEXT = r':[ ]?"[^"\\\x00-\x1f]*"'


def compile_proof(column: Column) -> Proof:
    """Return a function that says whether all values of a column's array are acceptable."""
    is_usual = _usual(column)
    remembered = _Remembered(compile_check(column))
    is_any_text = column.type.name == "text" and column.pattern is None

    def prove(values: pa.Array) -> bool:
        if column.is_not_null and _has_empty(values):
            return False
        if is_any_text:
            return True
        if is_usual is not None:
            values = values.filter(pc.invert(pc.fill_null(is_usual(values), fill_value=True)))
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
    return bool(values.null_count) or bool(pc.any(pc.equal(pc.binary_length(values), 0)).as_py())


def _usual(column: Column) -> Callable[[pa.Array], pa.Array] | None:
    """Return a quick test that passes only values the column's check accepts, if there is one."""
    pattern = _usual_pattern(column)
    if pattern is None:
        return None
    return lambda values: pc.match_substring_regex(values, pattern)


def _usual_pattern(column: Column) -> str | None:
    if column.pattern is not None:
        return None
    if column.type.name == "bigint":
        return r"\A[0-9]{1,18}\z"
    if column.type.name == "numeric" and column.type.precision > column.type.scale:
        whole, scale = column.type.precision - column.type.scale, column.type.scale
        fraction = rf"(?:\.[0-9]{{1,{min(scale, 1000)}}})?" if scale else ""
        return rf"\A[0-9]{{1,{whole}}}{fraction}\z"
    return None


def _kinds_of_object(values: pa.Array) -> pa.Array:
    """Replace the texts in objects by nothing, where a value has no escape and no control."""
    distinct = values.unique().drop_null()
    if not len(distinct):
        return distinct
    has_escape = pc.match_substring(distinct, "\\")
    plain = pc.replace_substring_regex(
        distinct.filter(pc.invert(has_escape)), pattern=_MEMBER_TEXT, replacement=':""'
    )
    return pa.concat_arrays([plain, distinct.filter(has_escape)])
