import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.json_records import Enclosed, NotAnObjectError, read_object, read_records
from loader.json_text import NotJsonbError, read_value
from loader.lines import Line, physical_lines
from loader.records import Blank, Item, Problem, Record

# A line, and its members as they are kept.
OBJECTS: dict[str, dict[str, str | None]] = {
    '{"a": "text"}': {"a": "text"},
    r'{"a": "\u00e9\"\\\ud83d\ude00"}': {"a": 'é"\\😀'},
    '{"a": 1.50, "b": -0, "c": 1E+2}': {"a": "1.50", "b": "-0", "c": "1E+2"},
    '{"a": 0.1000000000000000055}': {"a": "0.1000000000000000055"},
    '{"a": {"k" : [1, 2.0] }}': {"a": '{"k" : [1, 2.0] }'},
    '{"a": [ {} , [] ]}': {"a": "[ {} , [] ]"},
    '{"a": true, "b": false, "c": null}': {"a": "true", "b": "false", "c": None},
    '  { "a" :\t"x" , "b":"y" }  ': {"a": "x", "b": "y"},
    "{}": {},
    '{"a": [1], "b" : "],{", "c": {"d": [{}]} , "e": 1}': {
        "a": "[1]",
        "b": "],{",
        "c": '{"d": [{}]}',
        "e": "1",
    },
    '{"a": "' + "[{" * 100 + '"}': {"a": "[{" * 100},
    '{"a": ' + "[" * 63 + "]" * 63 + "}": {"a": "[" * 63 + "]" * 63},
}


@pytest.mark.parametrize("text", OBJECTS)
def test_values_are_kept_as_exported(text: str) -> None:
    assert read_object(text) == OBJECTS[text]


# A line that is not an object jsonb can hold, and the reason.
REFUSED = {
    "": "is not a JSON object",
    "[]": "is not a JSON object",
    '"a"': "is not a JSON object",
    "null": "is not a JSON object",
    "{": "is not valid JSON",
    "{'a': 1}": "is not valid JSON",
    '{"a": 01}': "is not valid JSON",
    '{"a": 1,}': "is not valid JSON",
    '{"a": "\t"}': "is not valid JSON",
    '{"a": 1} {"a": 2}': "goes on after its JSON object",
    '{"a": 1} x': "goes on after its JSON object",
    '{"a": 1, "a": 2}': "holds an object with a duplicate key",
    '{"a": {"b": 1, "b": 1}}': "holds an object with a duplicate key",
    '{"a": NaN}': "holds NaN or Infinity",
    '{"a": [-Infinity]}': "holds NaN or Infinity",
    '{"a": 1e1001}': "holds a number with an exponent beyond 1,000",
    '{"a": ' + "1" * 5000 + "}": "holds a number of more than 1,000 characters",
    r'{"a": "\ud800"}': "holds half of a surrogate pair",
    r'{"a": {"\udc00": 1}}': "holds half of a surrogate pair",
    r'{"a": "\u0000"}': r"holds the character \u0000",
    '{"a": ' + "[" * 64 + "]" * 64 + "}": "is nested more than 64 deep",
    '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}": "is nested more than 64 deep",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_one_storable_object_is_refused(text: str) -> None:
    with pytest.raises(NotAnObjectError) as refusal:
        read_object(text)
    assert str(refusal.value) == REFUSED[text]


def one_by_one(text: str) -> dict[str, str | None] | str:
    """Read an object the plain way: prove all of it, then each key and each value by itself."""
    space = " \t\r\n"

    def behind_space(at: int) -> int:
        return len(text) - len(text[at:].lstrip(space))

    at = behind_space(0)
    if not text.startswith("{", at):
        return "is not a JSON object"
    try:
        _, end = read_value(text, at)
    except NotJsonbError as error:
        return str(error)
    if text[end:].strip(space):
        return "goes on after its JSON object"
    members: dict[str, str | None] = {}
    at = behind_space(at + 1)
    while text[at] != "}":
        key, at = read_value(text, at)
        start = behind_space(behind_space(at) + 1)
        value, end = read_value(text, start)
        is_string = text.startswith('"', start)
        members[str(key)] = str(value) if is_string else None if value is None else text[start:end]
        at = behind_space(end)
        if text[at] == ",":
            at = behind_space(at + 1)
    return members


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
WRITTEN = st.builds(
    json.dumps,
    st.dictionaries(st.text(max_size=4), VALUES, max_size=5),
    indent=st.sampled_from([None, 0, "\t"]),
    separators=st.sampled_from([(",", ":"), (" , ", " : ")]),
    ensure_ascii=st.booleans(),
)


@given(WRITTEN, st.integers(0), st.sampled_from(["", "", '"', "\\", "}", ",", " ", '"b":{},', "1"]))
def test_an_object_is_read_as_if_member_by_member(text: str, at: int, damage: str) -> None:
    at %= len(text) + 1
    damaged = text[:at] + damage + text[at:]
    try:
        found: dict[str, str | None] | str = read_object(damaged)
    except NotAnObjectError as error:
        found = str(error)
    assert found == one_by_one(damaged)
    assert isinstance(found, str) or {type(value) for value in found.values()} <= {str, type(None)}


def a_only(members: dict[str, str | None]) -> tuple[str | None, ...] | str:
    return (members["a"],) if "a" in members else "has no a"


def parse(content: bytes) -> list[Item]:
    return list(read_records(physical_lines([content]), a_only))


def test_each_line_is_a_record_a_blank_or_a_problem() -> None:
    content = b'{"a": 1}\r\n\n{"b": 1}\n  \nx\n\xff\n{"a": null}'
    assert parse(content) == [
        Record(1, 0, b'{"a": 1}\r\n', ("1",)),
        Blank(2, 10),
        Problem(3, 11, None, "has no a", raw=b'{"b": 1}\n'),
        Blank(4, 20),
        Problem(5, 23, None, "is not a JSON object", raw=b"x\n"),
        Problem(6, 25, None, "is not valid UTF-8", raw=b"\xff\n"),
        Record(7, 27, b'{"a": null}', (None,)),
    ]


def test_a_value_and_a_line_have_a_limit() -> None:
    long_value = b'{"a": "' + b"x" * ((1 << 20) + 1) + b'"}\n'
    long_line = b'{"a": "' + b"x" * (8 << 20) + b'"}\n'
    assert parse(long_value + long_line + b'{"a": 1}\n') == [
        Problem(1, 0, None, "holds a value longer than 1 MiB", raw=long_value),
        Problem(2, len(long_value), None, "is longer than 8 MiB", raw=long_line),
        Record(3, len(long_value) + len(long_line), b'{"a": 1}\n', ("1",)),
    ]


@given(st.lists(st.text('{}[]":,\\ a1u', max_size=12), max_size=8), st.integers(0, 8))
def test_a_line_of_anything_costs_no_other_line(garbage: list[str], at: int) -> None:
    good = ['{"a": "x"}'] * 9
    lines = good[:at] + garbage + good[at:]
    items = parse("".join(f"{line}\n" for line in lines).encode())
    fields = [item.fields for item in items if isinstance(item, Record)]
    assert len(items) == len(lines)
    assert fields.count(("x",)) >= 9


def test_a_row_of_a_reply_has_the_members_around_it() -> None:
    def both(members: dict[str, str | None]) -> tuple[str | None, ...] | str:
        return (members["tenant"], members["n"])

    raw = [b'{"n": 1}', b'{"n": 2, "tenant": "t"}', b'{"n": 3, "tenant": "other"}']
    rows = [Enclosed(1, at, line, {"tenant": "t"}) for at, line in enumerate(raw)]
    refused = Problem(9, 9, None, "is refused")
    assert list(read_records([*rows, refused, Line(10, 20, b"{")], both)) == [
        Record(1, 0, raw[0], ("t", "1")),
        Record(1, 1, raw[1], ("t", "2")),
        Problem(1, 2, None, "has a member unlike what is around its rows", raw=raw[2]),
        refused,
        Problem(10, 20, None, "is not valid JSON", raw=b"{"),
    ]
