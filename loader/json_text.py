"""JSON as PostgreSQL's jsonb takes it: strict, with every number and character storable.

Python's own parser is laxer than jsonb in some ways (NaN, lone surrogates) and loses information in
others (duplicate keys, digits), so both are closed here. The limits are deliberately narrower than
those of PostgreSQL (https://www.postgresql.org/docs/current/datatype-json.html).
"""

import json
import re
from collections.abc import Callable
from typing import NoReturn

MAX_DEPTH = 64
_MAX_NUMBER_LENGTH = 1000
_MAX_EXPONENT = 1000
_SHORTEST_TO_PROVE = len("1e1001")
_EXPONENT = re.compile(r"[eE]([-+]?[0-9]+)")
_SURROGATE = re.compile("[\ud800-\udfff]")


class NotJsonbError(ValueError):
    """The text is not JSON that jsonb can hold; the message is a reason without any content."""


def _number(text: str) -> str:
    if len(text) >= _SHORTEST_TO_PROVE:
        _prove_number(text)
    return text


def _prove_number(text: str) -> None:
    if len(text) > _MAX_NUMBER_LENGTH:
        message = f"holds a number of more than {_MAX_NUMBER_LENGTH:,} characters"
        raise NotJsonbError(message)
    exponent = _EXPONENT.search(text)
    if exponent is not None and abs(int(exponent[1])) > _MAX_EXPONENT:
        message = f"holds a number with an exponent beyond {_MAX_EXPONENT:,}"
        raise NotJsonbError(message)


def _constant(_: str) -> NoReturn:
    message = "holds NaN or Infinity"
    raise NotJsonbError(message)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        message = "holds an object with a duplicate key"
        raise NotJsonbError(message)
    return members


# `raw_decode` without its frame and its message: typeshed leaves `scan_once` out.
_Scan = Callable[[str, int], tuple[object, int]]
_scan: _Scan = json.JSONDecoder(  # type: ignore[attr-defined]
    object_pairs_hook=_object, parse_int=_number, parse_float=_number, parse_constant=_constant
).scan_once
_scan_proven: _Scan = json.JSONDecoder(  # type: ignore[attr-defined]
    parse_int=str, parse_float=str
).scan_once


def read_value(text: str, start: int) -> tuple[object, int]:
    """Return the JSON value that starts at `start`, its numbers as text, and where it ends.

    Raises `NotJsonbError` with a reason that holds no content.
    """
    try:
        value, end = _scan(text, start)
    except (json.JSONDecodeError, StopIteration):
        message = "is not valid JSON"
        raise NotJsonbError(message) from None
    except RecursionError:
        raise NotJsonbError(_too_deep()) from None
    if text.find("\\", start, end) >= 0:
        _prove_characters(value)
    brackets = text.count("[", start, end) + text.count("{", start, end)
    if brackets > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise NotJsonbError(_too_deep())
    return value, end


def end_of_value(text: str, start: int) -> int:
    """Return where the value that starts at `start` ends; `read_value` must have taken it."""
    return _scan_proven(text, start)[1]


def prove(text: str) -> None:
    """Raise `NotJsonbError` unless the whole of `text` is one value that jsonb can hold."""
    start = len(text) - len(text.lstrip(" \t\r\n"))
    _, end = read_value(text, start)
    if text[end:].strip(" \t\r\n"):
        message = "is not valid JSON"
        raise NotJsonbError(message)


def _too_deep() -> str:
    return f"is nested more than {MAX_DEPTH} deep"


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else []


def _prove_characters(value: object) -> None:
    """Refuse what only an escape can bring in: NUL, and halves of surrogate pairs."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        waiting.extend(_children(item))
        if isinstance(item, str) and "\0" in item:
            message = r"holds the character \u0000"
            raise NotJsonbError(message)
        if isinstance(item, str) and _SURROGATE.search(item):
            message = "holds half of a surrogate pair"
            raise NotJsonbError(message)


def _depth(value: object) -> int:
    depth, level = 0, [value]
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        level = [child for item in level for child in _children(item)]
    return depth
