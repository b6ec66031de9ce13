"""Objects that are written alike are read as they are one by one, only faster."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from itertools import permutations
from threading import Barrier
from typing import NamedTuple
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import EXPORTS

from loader import parsing
from loader.batches import RowProver
from loader.column_types import parse_type
from loader.exports import Column, Export
from loader.json_batches import JsonProver
from loader.json_records import Enclosed
from loader.json_shapes import Shape, shape_of
from loader.lines import Line
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


EVENTS = [EXPORTS["metronome.usage_events"]]


class Read(NamedTuple):
    rows: list[tuple[object, ...]]
    problems: list[object]
    blank: int


def read(data: bytes, exports: Sequence[Export] = EVENTS) -> Read:
    """Read a file as by a loader that knows no shape yet."""
    parsing._json_prover.cache_clear()  # noqa: SLF001
    return read_on(data, exports)


def read_on(data: bytes, exports: Sequence[Export] = EVENTS) -> Read:
    """Read one more file with what was learned of those before."""
    found = Read([], [], 0)
    for job in read_export(BytesIO(data).read, exports, "x.jsonl").jobs:
        batch = job()
        columns = [column.to_pylist() for column in batch.rows]
        rows = zip(batch.line_numbers.to_pylist(), *columns, strict=True)
        blank = found.blank + batch.blank
        found = Read([*found.rows, *rows], [*found.problems, *batch.problems], blank)
    return found


def read_carefully(data: bytes, exports: Sequence[Export] = EVENTS) -> Read:
    with patch.object(JsonProver, "_take_alike", lambda _self, left, _parts: left):
        return read(data, exports)


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
    assert read(bytes(data)) == read_carefully(bytes(data))


KINDS = ("text", "bigint", "numeric(10, 2)", "boolean", "date", "timestamp", "timestamptz", "jsonb")
OF_ALL_KINDS = Export(
    *("any", "kinds", "raw_any", "", ("jsonl",), "c0"),
    columns=tuple(
        Column(f"c{number}", parse_type(kind), "", f"c{number}", is_optional=number > 0)
        for number, kind in enumerate(KINDS)
    ),
)
USUAL = ["x", "12", "1.50", "true", "2026-10-01", "2026-10-01T00:00:00", "2026-10-01T00:00:00Z"]
written = st.sampled_from([*USUAL, "{}", "NaN", "", "-0", "007", "1e2", "9" * 19, "f"])


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from([f"c{number}" for number in range(len(KINDS))]),
            written | scalars | members,
            max_size=3,
        ),
        max_size=8,
    )
)
def test_both_ways_read_every_type_the_same(rows: list[dict[str, object]]) -> None:
    usual = {f"c{number}": value for number, value in enumerate([*USUAL, {}])}
    data = b"\n".join(json.dumps({**usual, **row}).encode() for row in [{}, *rows])
    assert read(data, [OF_ALL_KINDS]) == read_carefully(data, [OF_ALL_KINDS])


@pytest.mark.parametrize("odd", range(len(ODD_LINES)))
@pytest.mark.parametrize("around", [0, 1, 3])
def test_an_odd_line_among_others_is_read_as_it_is_alone(odd: int, around: int) -> None:
    alike = [json.dumps({**EVENT, "transaction_id": f"t{n}"}).encode() for n in range(1 + around)]
    data = b"\n".join([*alike, ODD_LINES[odd], *alike[1:]]) + b"\n"
    assert read(data) == read_carefully(data)


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
    assert read(data) == read_carefully(data)


def test_what_stands_around_the_rows_of_a_reply_belongs_to_each() -> None:
    raw = json.dumps({key: value for key, value in EVENT.items() if key != "properties"}).encode()
    rows = [Enclosed(number, 0, raw, {"properties": f'{{"n": {number}}}'}) for number in (1, 2, 3)]
    batch = JsonProver(EXPORTS["metronome.usage_events"]).batch(rows, [1, 2, 3])
    assert batch.rows[4].to_pylist() == ['{"n": 1}', '{"n": 2}', '{"n": 3}']


def read_one_by_one(data: bytes, how: Callable[[bytes], object] = read) -> list[int]:
    """Return the numbers of the lines that are not read by a shape."""
    looked_at: list[int] = []
    real = RowProver.batch

    def watched(self: RowProver, items: object, numbers: list[int]) -> object:
        looked_at.extend(numbers)
        return real(self, items, numbers)  # type: ignore[arg-type]

    with patch.object(RowProver, "batch", watched):
        how(data)
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


def test_what_was_learned_of_a_file_is_known_of_the_next() -> None:
    read(json.dumps(EVENT).encode())
    with patch("loader.json_batches.shape_of", lambda *_: pytest.fail("learned again")):
        assert len(read_on(json.dumps(EVENT).encode()).rows) == 1


def test_of_ever_new_shapes_the_last_are_kept() -> None:
    orders = list(permutations(EVENT.items()))[:40]
    read(b"\n".join(json.dumps(dict(order)).encode() for order in orders))
    for order in orders:
        assert read_one_by_one(b"\n".join([json.dumps(dict(order)).encode()] * 3), read_on) == []
    prover = parsing._json_prover(EVENTS[0])  # noqa: SLF001
    assert len(prover._shapes) == 8  # noqa: SLF001


def test_threads_that_learn_the_same_keep_it_once() -> None:
    rows = [Line(number, 0, json.dumps(EVENT).encode()) for number in range(1, 20)]
    prover, together = JsonProver(EVENTS[0]), Barrier(4)

    def learn_together(*arguments: object) -> Shape | None:
        together.wait(10)
        return shape_of(*arguments)  # type: ignore[arg-type]

    def work(_: int) -> int:
        return prover.batch(rows, range(1, 20)).read

    with patch("loader.json_batches.shape_of", learn_together), ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [19] * 4
    assert len(prover._shapes) == 1  # noqa: SLF001


@pytest.mark.parametrize("first", [0, 1, 5])
def test_an_odd_beginning_keeps_no_shape_from_being_learned(first: int) -> None:
    odd = json.dumps({**EVENT, "properties": {"a": {}}})
    lines = [odd] * first + [json.dumps(EVENT)] * 100
    assert read_one_by_one("\n".join(lines).encode()) == list(range(1, 1 + first))


def test_a_value_that_is_refused_costs_few_others_a_second_look() -> None:
    lines = [json.dumps(EVENT)] * 1000
    lines[700] = lines[700].replace("00:00:00Z", "24:00:00Z")
    looked_at = read_one_by_one("\n".join(lines).encode())
    assert 701 in looked_at
    assert len(looked_at) <= 32
    found = read("\n".join(lines).encode())
    assert [row[0] for row in found.rows] == [n for n in range(1, 1001) if n != 701]
    assert len(found.problems) == 1


def test_a_key_of_any_length_makes_no_shape() -> None:
    key = "transaction" + "_" * 1000 + "id"
    line = json.dumps({key: "t", **{name: EVENT[name] for name in list(EVENT)[1:]}}).encode()
    assert read_one_by_one(b"\n".join([line] * 3)) == [1, 2, 3]
    assert len(read(b"\n".join([line] * 3)).rows) == 3


def test_only_the_lines_that_are_unlike_are_read_by_themselves() -> None:
    alike = json.dumps(EVENT)
    odd = [
        json.dumps({**EVENT, "customer_id": 'a "b"'}),
        json.dumps({**EVENT, "properties": {"a": {}}}),
    ]
    data = "\n".join([*[alike] * 5, odd[0], *[alike] * 5, odd[1], alike]).encode()
    assert read_one_by_one(data) == [6, 12]
    assert [row[0] for row in read(data).rows] == list(range(1, 14))
