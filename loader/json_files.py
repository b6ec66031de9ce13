"""The rows of a JSON file in any of its forms: lines, arrays, or replies of an endpoint."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from loader.envelopes import Envelope
from loader.json_arrays import array_elements
from loader.json_replies import Row, find_envelope, reply_rows
from loader.lines import Line, utf8_lines, without_mark

_HEAD_BYTES = 1 << 16


def json_rows(chunks: Iterable[bytes], envelopes: Sequence[Envelope], place: str) -> Iterator[Row]:
    """Return the rows of a file that begins with an array, a reply in an envelope, or else lines.

    Raises `DataRefusedError` naming `place` when the file starts with the mark of another encoding.
    """
    rest = iter(chunks)
    head = b""
    while len(head) < _HEAD_BYTES and (chunk := next(rest, b"")):
        head += chunk
    _, offset, start = without_mark(Line(1, 0, head), place)
    content = start or b""
    if content.lstrip().startswith(b"["):
        return array_elements(chain([content], rest), offset=offset)
    envelope = find_envelope(content, envelopes)
    if envelope is not None:
        return reply_rows(chain([content], rest), envelope, offset=offset)
    return iter(utf8_lines(chain([head], rest), place))
