"""Objects that are written alike are read as they are one by one, only faster."""

import json
from io import BytesIO
from typing import NamedTuple
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import EXPORTS

from loader.batches import RowProver
from loader.column_types import parse_type
from loader.exports import Column
from loader.json_batches import JsonProver
from loader.json_records import Enclosed
from loader.json_shapes import shape_of
from loader.parsing import read_export

EVENT = {
    "transaction_id": "t-1",
    "customer_id": "acct-1",
    "timestamp": "2026-10-01T00:00:00Z",
    "event_type": "transfer",
    "properties": {"bytes": "12", "ms": 3},
}
TEXTS = [
    "",
    "x",
    "ü",
    "\u2028",
    "\ufeff",
    "a,b",
    "{}",
    "[",
    ": ",
    "null",
    'a "b"',
    "\\",
    "\t",
    "\0",
]
texts = st.sampled_from(TEXTS) | st.text(st.characters(codec="utf-8"), max_size=5)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=2), max_leaves=2)
members = st.dictionaries(texts, values | st.dictionaries(texts, scalars, max_size=2), max_size=3)
COLUMNS = tuple(
    Column(name, parse_type(kind), "", name) for name, kind in (("o", "jsonb"), ("n", "text"))
)
# What is wrong with a line, or only unusual about it.
ODD_LINES = [
    b"",
    b"  ",
    b"{}",
    b"null",
    b'x {"transaction_id":"t"}',
    *(
        json.dumps(EVENT).encode().replace(old, new)
        for old, new in (
            (b'"t-1"', b"null"),
            (b'"t-1"', b"7"),
            (b'"t-1"', b"0.10"),
            (b'"t-1"', b"007"),
            (b'"t-1"', b"1e400"),
            (b'"t-1"', b"true"),
            (b'"t-1"', b'"\xff"'),
            (b'"t-1"', b'"\x00"'),
            (b'"t-1"', b'"\x1f"'),
            (b'"t-1"', b'"\\u0041"'),
            (b'"acct-1"', b'"' + b"x" * (1 << 20) + b'"'),
            (b'"acct-1"', b'"' + b"x" * ((1 << 20) + 1) + b'"'),
            (b'"t-1", ', b'"t-1", "transaction_id": "t-2", '),
            (b'"t-1", ', b'"t-1", "region": "eu", '),
            (b'"t-1", ', b'"t-1",, '),
            (b'"t-1", ', b'"t-1"  , '),
            (b'"t-1", ', b'"t-1" '),
            (b'"event_type": "transfer", ', b""),
            (b"00:00:00Z", b"00:00:60Z"),
            (b"00:00:00Z", b"00:00:00.9+05:30"),
            (b'{"bytes": "12", "ms": 3}', b'{"a": "1", "a": "2"}'),
            (b'{"bytes": "12", "ms": 3}', b'{"a": NaN}'),
            (b'{"bytes": "12", "ms": 3}', b'{"a": 01}'),
            (b'{"bytes": "12", "ms": 3}', b'{"a" "1"}'),
            (b'{"bytes": "12", "ms": 3}', b'{"a": {"b": ["}"]}}'),
            (b'{"bytes": "12", "ms": 3}', b'{"a": "}"}'),
            (b'{"bytes": "12", "ms": 3}', b'"{}"'),
            (b'{"bytes": "12", "ms": 3}', b"[]"),
            (b'{"bytes": "12", "ms": 3}', b"null"),
            (b'{"bytes": "12", "ms": 3}', b"{"),
            (b"{", b"{{"),
            (b"}}", b"}} x"),
            (b"}}", b"}},"),
            (b"}}", b"}}\r"),
            (b"}}", b"}} \t"),
            (b"}}", b"}"),
            (b'"transaction_id"', b'"Transaction_ID"'),
            (b'"transaction_id"', b'"transactionid"'),
            (b'"transaction_id"', b'"transaction\\u005fid"'),
        )
    ),
]


class Read(NamedTuple):
    rows: list[tuple[object, ...]]
    problems: list[object]
    blank: int


def read(data: bytes, shapes: int = 8) -> Read:
    found = Read([], [], 0)
    export = EXPORTS["metronome.usage_events"]
    with patch("loader.json_batches._MAX_SHAPES", shapes):
        for job in read_export(BytesIO(data).read, [export], "x.jsonl").jobs:
            batch = job()
            columns = [column.to_pylist() for column in batch.rows]
            rows = zip(batch.line_numbers.to_pylist(), *columns, strict=True)
            blank = found.blank + batch.blank
            found = Read([*found.rows, *rows], [*found.problems, *batch.problems], blank)
    return found


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """Draw an event; most are alike."""
    event: dict[str, object] = {**EVENT, "transaction_id": draw(texts)}
    if draw(st.booleans()):
        event[draw(st.sampled_from(list(EVENT)))] = draw(values | members)
    if draw(st.integers(0, 3)) == 0:
        event = dict(draw(st.permutations(list(event.items()))))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,", " :")]))
    text = json.dumps(event, separators=separators, ensure_ascii=draw(st.booleans()))
    return text.encode() + draw(st.sampled_from([b"", b" ", b"\r"]))


@settings(deadline=None, max_examples=300)
@given(
    drawn=st.lists(lines() | st.sampled_from(ODD_LINES), max_size=12),
    damage=st.none() | st.tuples(st.integers(0, 2000), st.sampled_from(b'"\\{}[],:\n \x00\xff0')),
)
def test_both_ways_read_the_same(drawn: list[bytes], damage: tuple[int, int] | None) -> None:
    data = bytearray(b"\n".join([json.dumps(EVENT).encode(), *drawn]))
    first_end = data.find(b"\n")
    if damage is not None and first_end >= 0:
        at = first_end + 1 + damage[0] % (len(data) - first_end)
        data[at : at + 1] = bytes([damage[1]])
    assert read(bytes(data)) == read(bytes(data), shapes=0)


@pytest.mark.parametrize("odd", range(len(ODD_LINES)))
@pytest.mark.parametrize("around", [0, 1, 3])
def test_an_odd_line_among_others_is_read_as_it_is_alone(odd: int, around: int) -> None:
    alike = [json.dumps({**EVENT, "transaction_id": f"t{n}"}).encode() for n in range(1 + around)]
    data = b"\n".join([*alike, ODD_LINES[odd], *alike[1:]]) + b"\n"
    assert read(data) == read(data, shapes=0)


@pytest.mark.parametrize(
    ("known", "line", "is_alike"),
    [
        (b'{"n": 7}', b'{"n": 0}', True),
        (b'{"n": 7}', b'{"n":-0.50}', True),
        (b'{"n": 7}', b'{"n": null}', True),
        (b'{"n": 7}', b'{"n": 07}', False),
        (b'{"n": 7}', b'{"n": 7.}', False),
        (b'{"n": 7}', b'{"n": +7}', False),
        (b'{"n": 7}', b'{"n": 1e5}', False),
        (b'{"n": 7}', b'{"n": "7"}', False),
        (b'{"n": 7}', b'{"n": ' + b"7" * 101 + b"}", False),
        (b'{"n": 7}', b'{"n": 0.' + b"7" * 100 + b"}", False),
        (b'{"n": true}', b'{"n" :false}\r\n', True),
        (b'{"n": true}', b'{"n": True}', False),
        (b'{"n": null}', b'\t{ "n": "x" }', True),
        (b'{"n": null}', b'{"n": 1}', False),
        (b'{"n": "x"}', b'{"n": "\\""}', False),
        (b'{"n": "x"}', b'{"n": "x\ty"}', False),
        (b'{"n": "x"}', b'{"m": "x"}', False),
        (b'{"o": {}}', b'{"o": {"a": "}", "b": [1]}}', False),
        (b'{"o": {}}', b'{"o": {"a": "}", "b": 1}}', True),
        (b'{"o": {}}', b'{"o": {"a": "x}}', False),
        (b'{"o": {}, "n": "x"}', b'{"o": {"a": 1}, "n": ""}', True),
        (b'{"o": {}, "n": "x"}', b'{"n": "", "o": {"a": 1}}', False),
    ],
)
def test_a_line_is_alike_when_its_keys_and_kinds_are(
    known: bytes, line: bytes, *, is_alike: bool
) -> None:
    shape = shape_of(known, COLUMNS, {"n": 1, "o": 0}.get)
    assert shape is not None
    assert (shape.match(line) is not None) == is_alike


@pytest.mark.parametrize(
    "known",
    [
        *(b'{"n": {}}', b'{"n": []}', b'{"o": {"a": {}}}', b'{"o": {"a": []}}', b'{"n": "\\n"}'),
        *(b'{"\\u006e": "x"}', b'{"n": 1e5}', b'{"o": {"a": "\\n"}}', b'{"n"  : "x"}'),
    ],
)
def test_what_no_shape_has_gives_none(known: bytes) -> None:
    assert shape_of(known, COLUMNS, {"n": 1, "o": 0}.get) is None


@pytest.mark.parametrize("odd", ODD_LINES[:24])
def test_elements_of_arrays_are_read_alike_too(odd: bytes) -> None:
    alike = json.dumps(EVENT).encode()
    data = b"[" + b",\n".join([alike, alike, odd, alike]) + b"]"
    assert read(data) == read(data, shapes=0)


def test_what_stands_around_the_rows_of_a_reply_belongs_to_each() -> None:
    raw = json.dumps({key: value for key, value in EVENT.items() if key != "properties"}).encode()
    rows = [Enclosed(number, 0, raw, {"properties": f'{{"n": {number}}}'}) for number in (1, 2, 3)]
    batch = JsonProver(EXPORTS["metronome.usage_events"]).batch(rows, [1, 2, 3])
    assert batch.rows[4].to_pylist() == ['{"n": 1}', '{"n": 2}', '{"n": 3}']


def read_one_by_one(data: bytes) -> list[int]:
    """Return the numbers of the lines that are not read by a shape."""
    looked_at: list[int] = []
    real = RowProver.batch

    def watched(self: RowProver, items: object, numbers: list[int]) -> object:
        looked_at.extend(numbers)
        return real(self, items, numbers)  # type: ignore[arg-type]

    with patch.object(RowProver, "batch", watched):
        read(data)
    return looked_at


def test_of_many_lines_alike_none_is_read_by_itself() -> None:
    compact = [json.dumps({**EVENT, "transaction_id": f"t{n}"}) for n in range(50)]
    spaced = [
        json.dumps({**EVENT, "customer_id": f"c{n}", "properties": None}, separators=(", ", ": "))
        for n in range(50)
    ]
    assert read_one_by_one("\n".join(compact + spaced).encode()) == []


def test_lines_of_several_shapes_are_read_in_turn_and_stay_in_order() -> None:
    events = [
        dict(sorted(EVENT.items(), key=lambda item: (item[0] < first, item[0])))
        for first in ("d", "f", "q", "u")
    ]
    data = "\n".join(json.dumps(events[number % 4]) for number in range(40)).encode()
    assert read_one_by_one(data) == []
    assert [row[0] for row in read(data).rows] == list(range(1, 41))


def test_only_the_lines_that_are_unlike_are_read_by_themselves() -> None:
    alike = json.dumps(EVENT)
    odd = [
        json.dumps({**EVENT, "customer_id": 'a "b"'}),
        json.dumps({**EVENT, "properties": {"a": {}}}),
    ]
    data = "\n".join([*[alike] * 5, odd[0], *[alike] * 5, odd[1], alike]).encode()
    assert read_one_by_one(data) == [6, 12]
    assert [row[0] for row in read(data).rows] == list(range(1, 14))
