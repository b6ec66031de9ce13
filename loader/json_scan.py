"""Where a JSON value ends, in bytes that arrive in chunks.

Only the structure is judged here: brackets in pairs, strings closed on their line, colons and
commas in place. What the value holds is for `loader.json_text` to prove.
"""

import re
from collections.abc import Callable

from loader.json_text import MAX_DEPTH

_SPACE = rb"[ \t\r\n]*+"
# Atomic groups, not possessive ones: before 3.11.5 Python matched those wrongly (gh-106052).
_STRING = rb'"[^"\\\x00-\x1f]*+(?>(?:\\[^\x00-\x1f][^"\\\x00-\x1f]*+)*)"'
_SCALAR = rb"[-+.0-9A-Za-z]++"
_REGEX_DEPTH = 4

QUOTE, COMMA, COLON, BACKSLASH = b'",:\\'
ARRAY_OPENS, ARRAY_CLOSES, OBJECT_OPENS, OBJECT_CLOSES = b"[]{}"


def _object_of_depth(depth: int) -> bytes:
    """Return a regular expression for an object that nests at most `depth` objects and arrays."""
    value = _STRING + rb"|" + _SCALAR
    if depth > 1:
        inner = _object_of_depth(depth - 1)
        items = rb"(?>(?:(?:" + value + rb"|" + inner + rb")%S(?:,%S(?!\])|(?=\])))*)"
        value += rb"|" + inner + rb"|\[%S" + items + rb"\]"
    members = rb"(?>(?:" + _STRING + rb"%S:%S(?:" + value + rb')%S(?:,%S(?=")|(?=\})))*)'
    return (rb"\{%S" + members + rb"\}").replace(b"%S", _SPACE)


# A comma and the object behind it, as nearly every element of an array is written.
next_object = re.compile(
    _SPACE + rb"," + _SPACE + rb"(" + _object_of_depth(_REGEX_DEPTH) + rb")"
).match
skip_space = re.compile(_SPACE).match
_string_body = re.compile(rb'(?>(?:[^"\\\x00-\x1f]++|\\[^\x00-\x1f])*)').match
_scalar_body = re.compile(rb"[-+.0-9A-Za-z]*+").match

_Step = Callable[[bytes, int], int]

_BROKEN = "is not valid JSON"
_UNCLOSED = "holds a string that is not closed on its line"
_TOO_DEEP = f"is nested more than {MAX_DEPTH} deep"


class ValueScan:
    """Finds the end of one value, however it is cut: call `run` again with more bytes.

    `is_whole` tells that the end was found; `fault` is a reason once the value cannot go on as
    JSON; `last_string` is where the last string began, as long as it is kept in step with the data.
    """

    def __init__(self) -> None:
        self.is_whole = False
        self.fault: str | None = None
        self.last_string = 0
        self._closers = bytearray()
        self._step: _Step = self._value
        self._is_key = False

    def run(self, data: bytes, at: int) -> int:
        """Read on from `at`; return where reading stopped: end, fault, or where bytes ran out."""
        while at < len(data) and not self.is_whole and self.fault is None:
            before, step = at, self._step
            at = step(data, at)
            if at == before and step == self._step:
                break
        return at

    def _value(self, data: bytes, at: int, *, may_close: bool = False) -> int:
        at = _behind_space(data, at)
        if at == len(data):
            return at
        byte = data[at]
        if byte == QUOTE:
            return self._open_string(at, is_key=False)
        if byte in {OBJECT_OPENS, ARRAY_OPENS}:
            return self._open(byte, at)
        if byte == ARRAY_CLOSES and may_close:
            return self._close(at)
        if _behind_scalar(data, at) == at:
            self.fault = _BROKEN
            return at
        self._step = self._scalar
        return at

    def _first_item(self, data: bytes, at: int) -> int:
        return self._value(data, at, may_close=True)

    def _key(self, data: bytes, at: int, *, may_close: bool = False) -> int:
        at = _behind_space(data, at)
        if at == len(data):
            return at
        if data[at] == QUOTE:
            return self._open_string(at, is_key=True)
        if data[at] == OBJECT_CLOSES and may_close:
            return self._close(at)
        self.fault = _BROKEN
        return at

    def _first_key(self, data: bytes, at: int) -> int:
        return self._key(data, at, may_close=True)

    def _colon(self, data: bytes, at: int) -> int:
        at = _behind_space(data, at)
        if at == len(data):
            return at
        if data[at] != COLON:
            self.fault = _BROKEN
            return at
        self._step = self._value
        return at + 1

    def _after(self, data: bytes, at: int) -> int:
        at = _behind_space(data, at)
        if at == len(data):
            return at
        if data[at] == self._closers[-1]:
            return self._close(at)
        if data[at] != COMMA:
            self.fault = _BROKEN
            return at
        self._step = self._key if self._closers[-1] == OBJECT_CLOSES else self._value
        return at + 1

    def _string(self, data: bytes, at: int) -> int:
        match = _string_body(data, at)
        at = at if match is None else match.end()
        if at == len(data) or (data[at] == BACKSLASH and at + 1 == len(data)):
            return at
        if data[at] != QUOTE:
            self.fault = _UNCLOSED
            return at
        self._end_value(self._colon if self._is_key else self._after)
        return at + 1

    def _scalar(self, data: bytes, at: int) -> int:
        at = _behind_scalar(data, at)
        if at < len(data):
            self._end_value(self._after)
        return at

    def _open_string(self, at: int, *, is_key: bool) -> int:
        self.last_string, self._is_key, self._step = at, is_key, self._string
        return at + 1

    def _open(self, byte: int, at: int) -> int:
        if len(self._closers) == MAX_DEPTH:
            self.fault = _TOO_DEEP
            return at
        is_object = byte == OBJECT_OPENS
        self._closers.append(OBJECT_CLOSES if is_object else ARRAY_CLOSES)
        self._step = self._first_key if is_object else self._first_item
        return at + 1

    def _close(self, at: int) -> int:
        self._closers.pop()
        self._end_value(self._after)
        return at + 1

    def _end_value(self, step: _Step) -> None:
        self._step = step
        self.is_whole = not self._closers


def _behind_space(data: bytes, at: int) -> int:
    match = skip_space(data, at)
    return at if match is None else match.end()


def _behind_scalar(data: bytes, at: int) -> int:
    match = _scalar_body(data, at)
    return at if match is None else match.end()
