"""JSON lines: one object on each line, its values kept as they were exported.

A string gives its decoded text; a number, an object and an array their exact source text; `true`
and `false` that word; `null` nothing. Keys are matched like a CSV header, in any order. A line that
is not such an object is one problem, and reading goes on at the next (https://jsonlines.org).
"""

from collections.abc import Callable, Iterator

from loader.json_text import NotJsonbError, read_value
from loader.lines import Line, without_line_end
from loader.records import MAX_FIELD_BYTES, Blank, Item, Problem, Record

_SPACE = " \t\r\n"


class NotAnObjectError(ValueError):
    """A line is not one JSON object; the message is a reason without any content."""


def read_object(text: str) -> dict[str, str | None]:
    """Return the members of the one object in `text`, in their order.

    Raises `NotAnObjectError`.
    """
    at = _skip_space(text, 0)
    if not text.startswith("{", at):
        message = "is not a JSON object"
        raise NotAnObjectError(message)
    try:
        _, end = read_value(text, at)
        if _skip_space(text, end) != len(text):
            message = "goes on after its JSON object"
            raise NotAnObjectError(message)
        return _members(text, at + 1)
    except NotJsonbError as error:
        raise NotAnObjectError(str(error)) from None


def _members(text: str, at: int) -> dict[str, str | None]:
    """Return the members of an object already known to be valid; `at` is behind its brace."""
    members: dict[str, str | None] = {}
    at = _skip_space(text, at)
    while text[at] != "}":
        key, at = read_value(text, at)
        at = _skip_space(text, at)
        start = _skip_space(text, at + 1)
        value, end = read_value(text, start)
        is_null = text.startswith("null", start)
        members[str(key)] = (
            value if isinstance(value, str) else None if is_null else text[start:end]
        )
        at = _skip_space(text, end)
        if text[at] == ",":
            at = _skip_space(text, at + 1)
    return members


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def read_records(
    lines: Iterator[Line], arrange: Callable[[dict[str, str | None]], tuple[str | None, ...] | str]
) -> Iterator[Item]:
    """Yield a record, a blank or a problem for each line.

    `arrange` puts an object's members in the order of the declared columns, or says why it cannot.
    """
    for line in lines:
        number, offset, raw = line
        text = read_text(line)
        if isinstance(text, Problem):
            yield text
        elif not text.strip(_SPACE):
            yield Blank(number, offset)
        else:
            yield _record(number, offset, raw or b"", _arranged(text, arrange))


def read_text(line: Line) -> str | Problem:
    """Return the text of a line without its line end."""
    if line.raw is None:
        return Problem(line.number, line.offset, None, "is longer than 8 MiB")
    try:
        return without_line_end(line.raw.decode())
    except UnicodeDecodeError:
        return Problem(line.number, line.offset, None, "is not valid UTF-8")


def _arranged(
    text: str, arrange: Callable[[dict[str, str | None]], tuple[str | None, ...] | str]
) -> tuple[str | None, ...] | str:
    try:
        return arrange(read_object(text))
    except NotAnObjectError as error:
        return str(error)


def _record(
    number: int, offset: int, raw: bytes, fields: tuple[str | None, ...] | str
) -> Record | Problem:
    if isinstance(fields, str):
        return Problem(number, offset, None, fields)
    if len(raw) > MAX_FIELD_BYTES and any(
        len(field.encode()) > MAX_FIELD_BYTES for field in fields if field is not None
    ):
        return Problem(number, offset, None, "holds a value longer than 1 MiB")
    return Record(number, offset, raw, fields)
