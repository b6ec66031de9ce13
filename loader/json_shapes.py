r"""Objects that are written alike, each on a line: one regular expression reads them.

A shape is taken from an object that was read with care: its keys in their order, and what each of
its values is. A line that matches is an object of these keys, once each, of these kinds of values:
texts without escapes, short numbers, and objects whose members have such texts and hold no objects
or arrays. What an object holds is left to the proof of its column, which must be jsonb. Lines
that do not match are not refused: the caller reads them one by one.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from loader.exports import Column

# No byte below a space stands in a JSON string, and a backslash begins an escape.
_TEXT = rb'[^"\\\x00-\x1f]*'
_ASIDE = rb'[^{}\[\]"\\\x00-\x1f]*'
_STRING = rb'"(' + _TEXT + rb')"'
_NUMBER = rb"(-?(?:0|[1-9][0-9]{0,99})(?:\.[0-9]{1,99})?)"
_BOOLEAN = rb"(true|false)"
_FLAT_OBJECT = rb"(\{" + _ASIDE + rb'(?:"' + _TEXT + rb'"' + _ASIDE + rb")*\})"
_SPACE = rb"[ \t\r\n]*"
# Underscores do not count in a key, so that it may be of any length.
_LONGEST_KEY = 256

Values = tuple[bytes | None, ...]


@dataclass(frozen=True)
class Shape:
    """`positions` says of each declared column which of the values is its own, None for none."""

    pattern: bytes
    match: Callable[[bytes], re.Match[bytes] | None]
    positions: tuple[int | None, ...]


def shape_of(
    raw: bytes, columns: tuple[Column, ...], index_of: Callable[[str], int | None]
) -> Shape | None:
    """Return the shape of the object in `raw`, which must have been read with care and accepted.

    `index_of` tells which of the columns a key stands for. None where the object itself is not as
    its shape would have it: it holds an escape, say, or an object within an object.
    """
    if b"\\" in raw:
        return None
    members, positions = list[bytes](), dict[int | None, int]()
    for key, value in json.loads(raw, parse_int=Decimal, parse_float=Decimal).items():
        index = index_of(key)
        pattern = _pattern_of(value, None if index is None else columns[index])
        if pattern is None or len(key) > _LONGEST_KEY:
            return None
        positions[index] = len(members)
        members.append(rb'"' + re.escape(key.encode()) + rb'" ?: ?(?:' + pattern + rb"|null)")
    whole = _SPACE + rb"\{ ?" + rb" ?, ?".join(members) + rb" ?\}" + _SPACE
    match = re.compile(whole).fullmatch
    if match(raw) is None:
        return None
    return Shape(whole, match, tuple(positions.get(index) for index in range(len(columns))))


def _pattern_of(value: object, column: Column | None) -> bytes | None:
    """Return the regular expression for values of this kind; None where no shape has them."""
    if value is None or isinstance(value, str):
        return _STRING
    if isinstance(value, bool):
        return _BOOLEAN
    if isinstance(value, Decimal):
        return _NUMBER
    is_flat = isinstance(value, dict) and not any(
        isinstance(member, dict | list) for member in value.values()
    )
    return _FLAT_OBJECT if is_flat and column and column.type.name == "jsonb" else None
