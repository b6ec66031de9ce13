import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.declaration import Node
from loader.envelopes import Envelope, read_envelope
from loader.errors import DataRefusedError, UsageError
from loader.json_arrays import TRUNCATED
from loader.json_files import json_rows
from loader.json_records import read_records
from loader.records import Item, Problem, Record

BREAKDOWN = Envelope(
    rows="breakdown",
    members=("period.start", "period.end", "total_events"),
    ignored=("meta", "period.days"),
)
BROKEN = "is not valid JSON around its rows"
ROW_1, ROW_2 = b'{"s": "a", "n": 1.50}', b'{"s": "b", "n": "2"}'
ROWS = b'"breakdown": [' + ROW_1 + b",\n" + ROW_2 + b"]"
PERIOD = b'"period": {"start": "x", "end": "y"}'
TOTAL = b'"total_events": 18446744073709551615'

AROUND = {"period.start": "x", "period.end": "y", "total_events": "18446744073709551615"}
BOTH = [{"s": "a", "n": "1.50"} | AROUND, {"s": "b", "n": "2"} | AROUND]


def read(content: bytes, envelope: Envelope = BREAKDOWN) -> list[Item]:
    """Return the items of a reply, which must not depend on how the bytes are cut into chunks."""
    whole = read_chunks([content], envelope)
    for size in (1, 5, 64):
        pieces = [content[at : at + size] for at in range(0, len(content), size)]
        assert read_chunks(pieces, envelope) == whole
    for item in whole:
        if isinstance(item, Record):
            assert content[item.byte_offset :].startswith(item.raw)
    return whole


def read_chunks(chunks: list[bytes], envelope: Envelope) -> list[Item]:
    rows = json_rows(chunks, [Envelope("other"), envelope], "x.json")
    return list(read_records(rows, lambda members: tuple(f"{k}={v}" for k, v in members.items())))


def shown(item: Item) -> dict[str, str] | str:
    if isinstance(item, Problem):
        return item.reason
    assert isinstance(item, Record)
    return dict(str(field).split("=", 1) for field in item.fields)


# A file, and the members of each of its rows, or why something is refused.
REPLIES: dict[bytes, list[object]] = {
    b"{" + PERIOD + b"," + ROWS + b"," + TOTAL + b"}": BOTH,
    b"{" + PERIOD + b"," + TOTAL + b"," + ROWS + b"}": BOTH,
    b"{\r\n " + ROWS + b"\n ,\n " + PERIOD + b" , " + TOTAL + b"\n}\n": BOTH,
    b"\xef\xbb\xbf{" + PERIOD + b"," + ROWS + b"," + TOTAL + b"}": BOTH,
    b'{"meta": [{"a": 1}],' + PERIOD + b"," + ROWS + b"," + TOTAL + b"}": BOTH,
    b'{"period": {"start": "x", "end": "y", "days": 9},' + ROWS + b"," + TOTAL + b"}": BOTH,
    b"{"
    + PERIOD
    + b","
    + ROWS
    + b","
    + TOTAL
    + b"}\n{"
    + ROWS
    + b","
    + PERIOD
    + b","
    + TOTAL
    + b"}": BOTH * 2,
    b'{"breakdown": []}': [],
    # What is wrong around the rows is one problem, and the rows are read.
    b'{"next": 1,' + PERIOD + b"," + ROWS + b"," + TOTAL + b"}": [
        *("has an unexpected member 'next' around its rows", *BOTH),
    ],
    b'{"period": {"start": "x", "end": "y", "z": 1},' + ROWS + b"," + TOTAL + b"}": [
        *("has an unexpected member 'period.z' around its rows", *BOTH),
    ],
    b"{" + PERIOD + b"," + TOTAL + b"," + ROWS + b"," + TOTAL + b"}": [
        *(*BOTH, "has 'total_events' more than once around its rows"),
    ],
    b"{" + TOTAL + b"," + PERIOD + b"," + ROWS + b"," + ROWS + b"}": [
        *(*BOTH, "has 'breakdown' more than once around its rows"),
    ],
    b"{" + PERIOD + b"," + ROWS + b',"total_events": 1e9999}': [
        *(
            {"s": s, "n": n} | {"period.start": "x", "period.end": "y"}
            for s, n in (("a", "1.50"), ("b", "2"))
        ),
        "holds a number with an exponent beyond 1,000 around its rows",
    ],
    b"{" + PERIOD + b"," + TOTAL + b"," + ROWS + b"} x": [*BOTH, "goes on after its reply"],
    # Damage and truncation.
    b"{" + PERIOD + b"," + TOTAL + b"," + ROWS: [*BOTH, BROKEN],
    b"{" + PERIOD + b"," + TOTAL + b"," + ROWS[:-1]: [*BOTH, TRUNCATED],
    b"{" + PERIOD + b"," + TOTAL + b"," + ROWS[:-2]: [BOTH[0], TRUNCATED],
    b"{" + PERIOD + b"," + ROWS[:-2]: [
        {"s": "a", "n": "1.50", "period.start": "x", "period.end": "y"},
        TRUNCATED,
    ],
    b"{" + PERIOD + b"," + TOTAL + b"," + ROWS.replace(b"1.50}", b'1.50"}') + b"}": [
        *("is not valid JSON", BOTH[1]),
    ],
    b"{" + PERIOD + b"," + TOTAL + b"," + ROWS + b" " + TOTAL + b"}": [*BOTH, BROKEN],
    # Not a reply: lines.
    b'{"s": "a"}\n{"other": {"breakdown": []}}': [{"s": "a"}, {"other": '{"breakdown": []}'}],
    b'{"breakdown": 1}': [{"breakdown": "1"}],
}


@pytest.mark.parametrize("content", REPLIES)
def test_the_rows_of_a_reply_know_what_stands_around_them(content: bytes) -> None:
    assert [shown(item) for item in read(content)] == REPLIES[content]


def test_without_members_rows_are_handed_on_as_they_are() -> None:
    content = b'{"meta": [{"name": "n"}], "data": [' + ROW_1 + b'], "rows": 1}'
    envelope = Envelope("data", ignored=("meta", "rows"))
    assert [shown(item) for item in read(content, envelope)] == [{"s": "a", "n": "1.50"}]


def test_rows_do_not_wait_for_more_than_32_mib() -> None:
    row = b'{"n": "' + b"x" * (1 << 20) + b'"},'
    content = [b'{"breakdown": [', *([row] * 33), b'{"n": 1}], ', PERIOD, b",", TOTAL, b"}"]
    assert [shown(item) for item in read_chunks(content, BREAKDOWN)] == [
        "has over 32 MiB of rows before what belongs to them"
    ]


@given(st.text('{}[]",:ab1 \n', max_size=12).map(str.encode), st.integers(0))
def test_damage_anywhere_is_a_problem_or_does_no_harm(damage: bytes, at: int) -> None:
    content = b"{" + PERIOD + b"," + TOTAL + b"," + ROWS + b"}"
    at %= len(content)
    items = read(content[:at] + damage + content[at:])
    rows = [item for item in items if isinstance(item, Record)]
    assert len(rows) == 2 or any(isinstance(item, Problem) for item in items) or not damage


def test_an_array_behind_a_byte_order_mark_keeps_its_offsets() -> None:
    items = read(b"\xef\xbb\xbf\n[" + ROW_1 + b"]")
    assert [(item.line_number, item.byte_offset) for item in items] == [(2, 5)]
    assert [shown(item) for item in items] == [{"s": "a", "n": "1.50"}]


def test_a_file_of_another_encoding_is_refused() -> None:
    with pytest.raises(DataRefusedError, match=r"x\.json: is UTF-16, not UTF-8"):
        json_rows(["[]".encode("utf-16")], [], "x.json")


def declared(envelope: object) -> Envelope | None:
    return read_envelope(Node({"format": "jsonl", "envelope": envelope}, "s.yml", "t"))


def test_an_envelope_is_declared_or_not() -> None:
    assert declared(None) is None
    assert declared({"rows": "r"}) == Envelope("r")
    assert declared({"rows": "r", "members": ["a.b", "a.c", "d"], "ignored": ["e"]}) == Envelope(
        "r", ("a.b", "a.c", "d"), ("e",)
    )


@pytest.mark.parametrize(
    ("envelope", "message"),
    [
        ({}, "s.yml: t.envelope.rows: is missing"),
        ("r", "s.yml: t.envelope: is not a mapping"),
        ({"rows": "r", "members": "a"}, "s.yml: t.envelope.members: is not a list"),
        ({"rows": "r", "row": "a"}, "s.yml: t.envelope.row: is not a key the loader knows"),
    ],
)
def test_a_mistake_in_an_envelope_names_file_and_key(envelope: object, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        declared(envelope)
