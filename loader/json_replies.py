"""Replies of an endpoint: objects whose one member holds the rows, in constant memory.

The rows are read like an array's. What else the reply says of them is handed on with every row;
where it stands behind the rows, they wait for it, up to 32 MiB. Several replies may follow each
other, as when one is appended to a file every day.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence

from loader.envelopes import Envelope
from loader.json_arrays import Element, elements, refused
from loader.json_records import Enclosed, NotAnObjectError, read_object
from loader.json_window import Window
from loader.lines import Line
from loader.problems import shown_name
from loader.records import MAX_KEPT_BYTES, Problem

_BROKEN = "is not valid JSON around its rows"
_GOES_ON = "goes on after its reply"

Row = Line | Enclosed | Problem


def find_envelope(head: bytes, envelopes: Sequence[Envelope]) -> Envelope | None:
    """Return the envelope of the reply that begins with `head`, or None when it begins none."""
    window = Window([head])
    if window.peek() != b"{":
        return None
    window.skip()
    while (key := _key(window)) is not None:
        if window.peek() == b"[":
            for envelope in envelopes:
                if envelope.rows == key:
                    return envelope
        taken = window.take_value()
        if taken.fault is not None or taken.is_cut or window.peek() != b",":
            return None
        window.skip()
    return None


def reply_rows(
    chunks: Iterable[bytes], envelope: Envelope, number: int = 1, offset: int = 0
) -> Iterator[Row]:
    """Yield the rows of the replies in `chunks`, and a problem for whatever is wrong around them.

    `number` and `offset` are where the first byte stands in the file.
    """
    window = Window(chunks, number, offset)
    while window.peek() == b"{":
        window.skip()
        is_whole = yield from _Reply(window, envelope).rows()
        if not is_whole:
            return
    if window.peek():
        yield refused(window.take_garbage(), _GOES_ON)


class _Reply:
    """One reply whose brace was passed."""

    def __init__(self, window: Window, envelope: Envelope) -> None:
        self._window = window
        self._envelope = envelope
        self._around: dict[str, str | None] = {}
        self._seen: set[str] = set()
        self._held: list[Element] = []

    def rows(self) -> Generator[Row, None, bool]:
        """Yield the reply's rows and problems; return whether it was read to its end."""
        window, is_whole = self._window, True
        while is_whole and window.peek() != b"}":
            place = Line(window.number, window.offset, b"")
            key = _key(window)
            if key == self._envelope.rows and key not in self._seen and window.peek() == b"[":
                window.skip()
                is_whole = yield from self._elements()
            else:
                reason = _BROKEN if key is None else self._take(key)
                if reason is not None:
                    self._held.append(refused(place, reason))
                is_whole = reason != _BROKEN
            self._seen.add(key or "")
            if is_whole and window.peek() == b",":
                window.skip()
            elif is_whole and window.peek() != b"}":
                self._held.append(refused(place, _BROKEN))
                is_whole = False
        yield from self._released()
        if is_whole:
            window.skip()
        return is_whole

    def _elements(self) -> Generator[Row, None, bool]:
        """Yield the rows at once, or hold them while something that belongs to them is to come."""
        is_known, size, reading = self._is_known(), 0, elements(self._window)
        while True:
            try:
                element = next(reading)
            except StopIteration as end:
                return bool(end.value)
            if is_known:
                yield self._enclosed(element)
                continue
            self._held.append(element)
            size += len(element.raw or b"")
            if size > MAX_KEPT_BYTES:
                place = Line(self._window.number, self._window.offset, None)
                self._held = [refused(place, "has over 32 MiB of rows before what belongs to them")]
                return False

    def _is_known(self) -> bool:
        return self._envelope.outer_members <= self._seen

    def _released(self) -> Iterator[Row]:
        yield from map(self._enclosed, self._held)
        self._held = []

    def _enclosed(self, element: Element) -> Row:
        if isinstance(element, Problem) or not self._envelope.members:
            return element
        return Enclosed(*element, self._around)

    def _take(self, key: str) -> str | None:
        """Read the value of a member; return a reason when it cannot be part of the reply."""
        taken = self._window.take_value()
        if taken.fault is not None or taken.is_cut or taken.line.raw is None:
            return _BROKEN
        if key in self._seen:
            return f"has {shown_name(key)} more than once around its rows"
        try:
            return self._add(key, taken.line.raw.decode())
        except UnicodeDecodeError:
            return "is not valid UTF-8"
        except NotAnObjectError as error:
            return f"{error} around its rows"

    def _add(self, key: str, text: str) -> str | None:
        if key in self._envelope.outer_members and key not in self._envelope.members:
            members = {f"{key}.{name}": value for name, value in read_object(text).items()}
        else:
            members = {key: read_object(f'{{"value":{text}}}')["value"]}
        for name, value in members.items():
            if name in self._envelope.members:
                self._around[name] = value
            elif name not in self._envelope.ignored:
                return f"has an unexpected member {shown_name(name)} around its rows"
        return None


def _key(window: Window) -> str | None:
    """Pass a key and its colon; return the key, or None when there is none."""
    if window.peek() != b'"':
        return None
    raw = window.take_value().line.raw or b""
    try:
        key = read_object(f'{{"key":{raw.decode()}}}')["key"]
    except (UnicodeDecodeError, NotAnObjectError):
        return None
    if window.peek() != b":":
        return None
    window.skip()
    return key
