"""JSON arrays: one item for each element, in constant memory, however the array is laid out.

An element is handed on as the exact bytes between its separators; whether it is an object is for
`loader.json_records` to judge. Damage costs the element it is in: reading goes on where the next
one can begin. Several arrays may follow each other, each on a line of its own, as a log of requests
to an ingest endpoint holds them.
"""

from collections.abc import Generator, Iterable, Iterator

from loader.json_window import Taken, Window
from loader.lines import Line
from loader.records import Problem

TRUNCATED = "ends before its array is closed: the file is truncated"
_NO_COMMA = "has no comma before it"
_LONE_COMMA = "has a comma without an element"
_GOES_ON = "goes on after its array"

Element = Line | Problem


def array_elements(chunks: Iterable[bytes], number: int = 1, offset: int = 0) -> Iterator[Element]:
    """Yield the elements of the arrays in `chunks`, however the bytes are cut into chunks.

    `number` and `offset` are where the first byte stands in the file: `[` or white space.
    """
    window = Window(chunks, number, offset)
    while window.peek() == b"[":
        window.skip()
        is_closed = yield from elements(window)
        closed_on = window.number
        while is_closed and _goes_on(window, closed_on):
            yield refused(window.take_garbage(), _GOES_ON)
            if not window.peek():
                return
            is_closed = yield from elements(window, is_first=False)
            closed_on = window.number


def elements(window: Window, *, is_first: bool = True) -> Generator[Element, None, bool]:
    """Yield the elements of an array whose `[` was passed, and pass its `]`.

    The last item of an array that is not closed is a problem. `is_first` is false where reading
    goes on behind an element. Returns whether the array was closed.
    """
    while True:
        if not is_first:
            yield from window.take_objects()
        comma = _comma(window)
        byte = window.peek()
        if comma is not None and (is_first or byte in {b",", b"]"}):
            yield refused(comma, _LONE_COMMA)
            continue
        if not byte:
            yield refused(Line(window.number, window.offset, b""), TRUNCATED)
            return False
        if byte == b"]":
            window.skip()
            return True
        element = _judged(
            window.take_value(is_first=is_first), is_behind=is_first or comma is not None
        )
        yield element
        if isinstance(element, Problem) and not window.peek():
            return False
        is_first = False


def _comma(window: Window) -> Line | None:
    """Pass a comma, if there is one, and return it."""
    if window.peek() != b",":
        return None
    comma = Line(window.number, window.offset, b",")
    window.skip()
    return comma


def _judged(taken: Taken, *, is_behind: bool) -> Element:
    if taken.is_cut:
        return refused(taken.line, TRUNCATED)
    if taken.fault is not None:
        return refused(taken.line, taken.fault)
    return taken.line if is_behind else refused(taken.line, _NO_COMMA)


def refused(line: Line, reason: str) -> Problem:
    """Return the problem that refuses a stretch of a file."""
    return Problem(line.number, line.offset, None, reason, raw=line.raw)


def _goes_on(window: Window, closed_on: int) -> bool:
    """Tell whether something follows an array that is not another array on a line of its own."""
    byte = window.peek()
    return bool(byte) and (byte != b"[" or window.number == closed_on)
