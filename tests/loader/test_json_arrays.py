import json
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.json_arrays import TRUNCATED, Element, array_elements
from loader.json_records import read_records
from loader.lines import Line
from loader.records import Problem, Record

NO_JSON = "is not valid JSON"
UNCLOSED = "holds a string that is not closed on its line"
NO_COMMA = "has no comma before it"
LONE_COMMA = "has a comma without an element"
GOES_ON = "goes on after its array"


def pieces(content: bytes, size: int) -> list[bytes]:
    return [content[at : at + size] for at in range(0, len(content), size)]


def read(content: bytes) -> list[Element]:
    """Return the elements, which must not depend on how the bytes are cut into chunks."""
    whole = list(array_elements([content]))
    for size in (1, 2, 3, 7):
        assert list(array_elements(pieces(content, size))) == whole
    for number, offset, raw in map(placed, whole):
        assert raw is not None
        assert content[offset : offset + len(raw)] == raw
        assert content[:offset].count(b"\n") + 1 == number
    return whole


def placed(element: Element) -> tuple[int, int, bytes | None]:
    return (element[0], element[1], element.raw)


def shown(element: Element) -> bytes | tuple[str, bytes | None] | None:
    return (element.reason, element.raw) if isinstance(element, Problem) else element.raw


A, B, C = b'{"a": 1}', b'{"b": "]}"}', b'{"c": [{"d": 1},{"e": 2}]}'
DEEP = b'{"a": ' + b"[" * 63 + b"]" * 63 + b"}"

# An array, and its elements: the bytes of each, or why it is refused and the bytes that are.
ARRAYS: dict[bytes, list[object]] = {
    b"": [],
    b" \n": [],
    b"[]": [],
    b" [ \r\n ] \n": [],
    b"[" + A + b"," + B + b"," + C + b"]": [A, B, C],
    b"[\r\n\t" + A + b"\r\n,\t" + B + b" , " + C + b"\n]\n": [A, B, C],
    b"[" + A + b"]\n[" + B + b"," + C + b"]\n\n[]\r\n[" + A + b"]": [A, B, C, A],
    b'[1 , -1.5e3,"x,]", null,[1,[{}]],' + A + b"]": [
        *(b"1", b"-1.5e3", b'"x,]"', b"null", b"[1,[{}]]", A),
    ],
    rb'[{"a": "\"}, {\\"},{"\u007d": "\\"}]': [rb'{"a": "\"}, {\\"}', rb'{"\u007d": "\\"}'],
    '[{"é": "😀"},{"ü": 1}]'.encode(): ['{"é": "😀"}'.encode(), '{"ü": 1}'.encode()],
    b"[" + A + b"," + DEEP + b"," + B + b"]": [A, DEEP, B],
    b"[" + A + b",[" + DEEP + b"]]": [
        A,
        ("is nested more than 64 deep", b"[" + DEEP + b"]]"),
    ],
    # Commas.
    b"[" + A + B + b"," + C + b"]": [A, (NO_COMMA, B), C],
    b"[" + A + b"," + B + b",]": [A, B, (LONE_COMMA, b",")],
    b"[" + A + b",," + B + b"]": [A, (LONE_COMMA, b","), B],
    b"[," + A + b"]": [(LONE_COMMA, b","), A],
    # A broken element costs itself.
    b'[{"a": "x},' + B + b"," + C + b"]": [(NO_JSON, b'{"a": "x}'), B, C],
    b"[" + A + b',{"a: 1},' + B + b"," + C + b"]": [A, (NO_JSON, b'{"a: 1}'), B, C],
    b"[" + A + b',{a": 1},' + B + b"," + C + b"]": [A, (NO_JSON, b'{a": 1}'), B, C],
    b"[" + A + b',{"a": "\n"},' + B + b"]": [A, (UNCLOSED, b'{"a": "\n"}'), B],
    b"[" + A + b',{"a": [1},' + B + b"," + C + b"]": [A, (NO_JSON, b'{"a": [1}'), B, C],
    b"[" + A + b',{"a": 1]},' + B + b"," + C + b"]": [A, (NO_JSON, b'{"a": 1]}'), B, C],
    b"[" + A + b'},{"a" 1},' + B + b"]": [A, (NO_JSON, b"}"), (NO_JSON, b'{"a" 1}'), B],
    b'[{"a": 1,' + B + b"," + C + b"]": [(NO_JSON, b'{"a": 1,' + B), C],
    b"[" + A + b',{"a": "x}]\n[' + B + b"]": [A, (UNCLOSED, b'{"a": "x}'), B],
    b"[" + A + b',{"a": {"b": 1,}},' + B + b"]": [A, (NO_JSON, b'{"a": {"b": 1,}}'), B],
    # On lines of their own, elements are told from what is nested in them.
    b'[\n  {"a": 1},\n  {"l": [\n    {"x": ",\n    },\n    {"y": 2}\n  ]},\n  ' + B + b"\n]\n": [
        *(A, (UNCLOSED, b'{"l": [\n    {"x": ",\n    },\n    {"y": 2}\n  ]}'), B),
    ],
    # What is missing at the end, and what is too much.
    b"[": [(TRUNCATED, b"")],
    b"[" + A: [A, (TRUNCATED, b"")],
    b"[" + A + b", ": [A, (TRUNCATED, b"")],
    b"[" + A + b',{"b": "x': [A, (TRUNCATED, b'{"b": "x')],
    b"[" + A + b",12": [A, (TRUNCATED, b"12")],
    b"[" + A + b"," + B + b"] x\n": [A, B, (GOES_ON, b"x\n")],
    b"[" + A + b"] ]": [A, (GOES_ON, b"]")],
    b"[" + A + b"][" + B + b"," + C + b"]": [A, (GOES_ON, b"[" + B), C],
    b"[" + A + b"]," + B + b"," + C + b"]\n": [A, (GOES_ON, b"," + B), C],
}


@pytest.mark.parametrize("content", ARRAYS)
def test_an_array_is_cut_into_its_elements(content: bytes) -> None:
    assert [shown(element) for element in read(content)] == ARRAYS[content]


def test_an_element_stands_on_its_line_and_at_its_offset() -> None:
    content = b'[\n {"a":\n 1} ,\r\n\r\n {"a": 2}\n]'
    assert list(array_elements([content], number=5, offset=3)) == [
        Line(6, 6, b'{"a":\n 1}'),
        Line(9, 22, b'{"a": 2}'),
    ]


def test_what_is_no_object_is_refused_by_itself() -> None:
    def a_only(members: dict[str, str | None]) -> tuple[str | None, ...] | str:
        return (members["a"],)

    items = list(read_records(array_elements([b'[1,{"a": 1},[],null,"x",{"a": 2}]']), a_only))
    assert [item.fields for item in items if isinstance(item, Record)] == [("1",), ("2",)]
    assert [item.reason for item in items if isinstance(item, Problem)] == (
        ["is not a JSON object"] * 4
    )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('{}[]",:\\ \na1\u00e9', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)
OBJECTS = st.dictionaries(st.text('{}[]",:\\ a', max_size=4), VALUES, max_size=4)
GAPS = st.sampled_from([b"", b" ", b"\n", b"\r\n  ", b"\t\n\n"])


@st.composite
def arrays(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """Draw an array of any layout, and the bytes of its elements."""
    indent = draw(st.sampled_from([None, 2]))
    elements = [
        json.dumps(value, indent=indent, ensure_ascii=draw(st.booleans())).encode()
        for value in draw(st.lists(OBJECTS, max_size=6))
    ]
    gap = draw(GAPS)
    return b"[" + gap + (draw(GAPS) + b"," + gap).join(elements) + draw(GAPS) + b"]", elements


@given(arrays(), st.lists(st.integers(0, 40), max_size=30))
def test_any_array_in_any_chunks_gives_its_elements(
    array: tuple[bytes, list[bytes]], sizes: list[int]
) -> None:
    content, expected = array
    chunks, at = [], 0
    for size in sizes:
        chunks.append(content[at : at + size])
        at += size
    found = list(array_elements([*chunks, content[at:]]))
    assert [element.raw for element in found] == expected
    for number, offset, raw in map(placed, found):
        assert raw == content[offset : offset + len(raw or b"")]
        assert number == content[:offset].count(b"\n") + 1


@given(
    st.lists(st.text('{}[]",:\\ a1\n', max_size=12).map(str.encode), max_size=8),
    st.integers(1, 9),
)
def test_damage_loses_no_byte_and_ends(garbage: list[bytes], size: int) -> None:
    content = b"[" + b",".join([A, *garbage, B]) + b"]"
    found = list(array_elements(pieces(content, size)))
    assert found == list(array_elements([content]))
    end, covered = 0, bytearray()
    for _, offset, raw in map(placed, found):
        assert offset >= end
        covered += content[end:offset]
        end = offset + len(raw or b"")
    assert set(covered + content[end:]) <= set(b"[], \n")
    assert found[0] == Line(1, 1, A)


@given(st.lists(OBJECTS, min_size=3, max_size=6), st.integers(0))
def test_every_array_that_is_cut_off_says_so(objects: list[dict[str, object]], at: int) -> None:
    content = json.dumps(objects).encode()
    found = list(array_elements([content[: 1 + at % (len(content) - 1)]]))
    assert [item.reason for item in found if isinstance(item, Problem)] == [TRUNCATED]
    assert isinstance(found[-1], Problem)


def endless(element: bytes, size: int) -> Iterator[bytes]:
    yield b"["
    block = element * (1 + (1 << 18) // len(element))
    for _ in range(size // len(block)):
        yield block
    yield A + b"]"


def peak_bytes(content: Iterator[bytes]) -> tuple[int, int]:
    """Return how many elements there are, and how much memory was in use at most."""
    tracemalloc.start()
    try:
        count = sum(1 for _ in array_elements(content))
        return count, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_an_array_on_one_line_takes_no_more_memory_than_a_few_chunks() -> None:
    count, peak = peak_bytes(endless(b'{"a": "' + b"x" * 1000 + b'"},', 50 << 20))
    assert count > 50_000
    assert peak < 4 << 20


@pytest.mark.parametrize("size", [9 << 20, 40 << 20])
def test_an_element_has_a_limit(size: int) -> None:
    huge = b'{"a": "' + b"x" * size + b'"}'
    content = b"[" + A + b"," + huge + b",\n" + B + b"]"
    elements = array_elements(pieces(content, 1 << 18))
    kept = huge if size < 32 << 20 else None
    assert list(elements) == [
        Line(1, 1, A),
        Line(1, 10, kept),
        Line(2, 12 + len(huge), B),
    ]
    items = list(read_records([Line(1, 10, kept)], lambda _: "is fine"))
    assert items == [Problem(1, 10, None, "is longer than 8 MiB", raw=kept)]


def test_an_element_that_never_ends_takes_bounded_memory() -> None:
    count, peak = peak_bytes(iter([b'[{"a": "', *([b"x" * (1 << 20)] * 200)]))
    assert count == 1
    assert peak < 160 << 20
