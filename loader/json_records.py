"""JSON lines: one object on each line, its values kept as they were exported.

A string gives its decoded text; a number, an object and an array their exact source text; `true`
and `false` that word; `null` nothing. Keys are matched like a CSV header, in any order. A line that
is not such an object is one problem, and reading goes on at the next (https://jsonlines.org).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, cast

from loader.json_text import NotJsonbError, end_of_value, read_value
from loader.lines import Line, without_line_end
from loader.records import MAX_FIELD_BYTES, MAX_RECORD_BYTES, Blank, Item, Problem, Record

_SPACE = " \t\r\n"
_ANY_SPACE = re.compile(r"[ \t\r\n]*+")
# Atomic groups, not possessive ones: before 3.11.5 Python matched those wrongly (gh-106052).
_STRING = r'"[^"\\]*+(?>(?:\\.[^"\\]*+)*)"'
# In an object known to be valid: members of no depth, then the key of one that has some.
_FLAT_MEMBERS = re.compile(
    rf"(?>(?:[\s,]*+{_STRING}\s*+:\s*+(?:{_STRING}|[^\s,{{}}\[\]\"]++))*)"
    rf"[\s,]*+{_STRING}\s*+:\s*+"
)
_WORDS = {None: None, True: "true", False: "false"}


class NotAnObjectError(ValueError):
    """A line is not one JSON object; the message is a reason without any content."""


class Enclosed(NamedTuple):
    """A row of a reply: a line, and the members of the reply that belong to each of its rows."""

    number: int
    offset: int
    raw: bytes | None
    members: dict[str, str | None]


def read_object(text: str) -> dict[str, str | None]:
    """Return the members of the one object in `text`, in their order.

    Raises `NotAnObjectError`.
    """
    at = _behind_space(text, 0)
    if not text.startswith("{", at):
        message = "is not a JSON object"
        raise NotAnObjectError(message)
    try:
        members, end = read_value(text, at)
    except NotJsonbError as error:
        raise NotAnObjectError(str(error)) from None
    if end != len(text) and _behind_space(text, end) != len(text):
        message = "goes on after its JSON object"
        raise NotAnObjectError(message)
    return _as_written(cast("dict[str, object]", members), text, at + 1)


def _as_written(members: dict[str, object], text: str, at: int) -> dict[str, str | None]:
    """Return decoded members with every value that is not text as the text that stands for it.

    `at` is behind the brace of their object in `text`.
    """
    written: dict[str, str | None] = {}
    for key, value in members.items():
        if isinstance(value, str):
            written[key] = value
        elif value is None or isinstance(value, bool):
            written[key] = _WORDS[value]
        else:
            start = _behind_flat_members(text, at)
            at = end_of_value(text, start)
            written[key] = text[start:at]
    return written


def _behind_flat_members(text: str, at: int) -> int:
    """Return where the next member begins its value that is an object or an array."""
    match = _FLAT_MEMBERS.match(text, at)
    return at if match is None else match.end()


def _behind_space(text: str, at: int) -> int:
    match = _ANY_SPACE.match(text, at)
    return at if match is None else match.end()


def read_records(
    lines: Iterable[Line | Enclosed | Problem],
    arrange: Callable[[dict[str, str | None]], tuple[str | None, ...] | str],
) -> Iterator[Item]:
    """Yield a record, a blank or a problem for each line, or element of an array.

    `arrange` puts an object's members in the order of the declared columns, or says why it cannot.
    """
    for line in lines:
        members = read_members(line)
        if not isinstance(members, dict):
            yield members
        else:
            raw = line.raw or b""
            yield _record(line[0], line[1], raw, arrange(members))


def read_members(line: Line | Enclosed | Problem) -> dict[str, str | None] | Blank | Problem:
    """Return the members of the object on a line, and those of the reply around it."""
    if isinstance(line, Problem):
        return line
    text = read_text(line)
    if isinstance(text, Problem):
        return text
    if not text.strip(_SPACE):
        return Blank(line.number, line.offset)
    try:
        members = read_object(text)
    except NotAnObjectError as error:
        return Problem(line.number, line.offset, None, str(error), raw=line.raw)
    if isinstance(line, Enclosed):
        for key, value in line.members.items():
            if members.setdefault(key, value) != value:
                reason = "has a member unlike what is around its rows"
                return Problem(line.number, line.offset, None, reason, raw=line.raw)
    return members


def read_text(line: Line | Enclosed) -> str | Problem:
    """Return the text of a line without its line end."""
    if line.raw is None or len(line.raw) > MAX_RECORD_BYTES:
        return Problem(line.number, line.offset, None, "is longer than 8 MiB", raw=line.raw)
    try:
        return without_line_end(line.raw.decode())
    except UnicodeDecodeError:
        return Problem(line.number, line.offset, None, "is not valid UTF-8", raw=line.raw)


def _record(
    number: int, offset: int, raw: bytes, fields: tuple[str | None, ...] | str
) -> Record | Problem:
    if isinstance(fields, str):
        return Problem(number, offset, None, fields, raw=raw)
    if len(raw) > MAX_FIELD_BYTES and any(
        len(field.encode()) > MAX_FIELD_BYTES for field in fields if field is not None
    ):
        return Problem(number, offset, None, "holds a value longer than 1 MiB", raw=raw)
    return Record(number, offset, raw, fields)
