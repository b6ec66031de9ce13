import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.csv_records import read_header, read_records
from loader.errors import DataRefusedError
from loader.lines import Line, utf8_lines
from loader.records import Blank, Item, Problem, Record


def parse(content: bytes, chunk: int = 1 << 16) -> list[Item | tuple[str, ...]]:
    """Return the header, or the problem with it, and what follows it."""
    chunks = (content[at : at + chunk] for at in range(0, len(content), chunk))
    lines = utf8_lines(chunks, "x.csv")
    header = read_header(next(lines, None))
    if isinstance(header, Problem):
        return [header]
    return [header, *read_records(lines, header)]


def brief(items: list[Item | tuple[str, ...]]) -> list[tuple[object, ...]]:
    """Return rows as (line, fields), blanks as (line,), problems as (line, column, reason)."""
    shapes: list[tuple[object, ...]] = []
    for item in items[1:]:
        match item:
            case Record():
                shapes.append((item.line_number, item.fields))
            case Blank():
                shapes.append((item.line_number,))
            case Problem():
                shapes.append((item.line_number, item.column, item.reason))
    return shapes


# What follows the header `a,b`, and what becomes of it.
RECORDS = {
    "plain": (b"1,2\n", [(2, ("1", "2"))]),
    "no line end at the end of the file": (b"1,2", [(2, ("1", "2"))]),
    "carriage returns before line feeds": (b"1,2\r\n3,4\r\n", [(2, ("1", "2")), (3, ("3", "4"))]),
    "both line ends": (b"1,2\r\n3,4\n", [(2, ("1", "2")), (3, ("3", "4"))]),
    "unquoted empty is null": (b",\n", [(2, (None, None))]),
    "quoted empty is empty": (b'"",""\n', [(2, ("", ""))]),
    "doubled quotes": (b'"{""k"":""v""}",2\n', [(2, ('{"k":"v"}', "2"))]),
    "nothing but doubled quotes": (b'"""""",2\n', [(2, ('""', "2"))]),
    "quoted comma": (b'"1,5",2\n', [(2, ("1,5", "2"))]),
    "quoted newline": (b'"1\n5",2\n3,4\n', [(2, ("1\n5", "2")), (4, ("3", "4"))]),
    "quoted carriage returns": (b'"1\r\n5\r",2\n', [(2, ("1\r\n5\r", "2"))]),
    "quoted blank line": (b'"1\n\n5",2\n', [(2, ("1\n\n5", "2"))]),
    "spaces are kept": (b" 1 , 2\n", [(2, (" 1 ", " 2"))]),
    "copy's end mark is a value": (b"\\.,\\N\n3,4\n", [(2, ("\\.", "\\N")), (3, ("3", "4"))]),
    "line ends of other standards are data": (
        "1\v\f\x1c\x85\u2028,2\n".encode(),
        [(2, ("1\v\f\x1c\x85\u2028", "2"))],
    ),
    "blank lines": (b"\n1,2\n\r\n\n", [(2,), (3, ("1", "2")), (4,), (5,)]),
    "a space is not blank": (b" \n", [(2, None, "has 1 field, the header has 2")]),
    "copy's end mark alone": (
        b"\\.\n3,4\n",
        [(2, None, "has 1 field, the header has 2"), (3, ("3", "4"))],
    ),
    "too many fields": (b"1,2,3\n", [(2, None, "has 3 fields, the header has 2")]),
    "trailing comma": (b"1,2,\n", [(2, None, "has 3 fields, the header has 2")]),
    "stray quote": (b'5" disk,2\n', [(2, "a", "holds a quote but is not quoted")]),
    "two stray quotes": (
        b'5" disk,2\n3,4\n6" disk,2\n',
        [
            (2, "a", "holds a quote but is not quoted"),
            (3, ("3", "4")),
            (4, "a", "holds a quote but is not quoted"),
        ],
    ),
    "text after a quote": (b'1,"2"x\n', [(2, "b", "goes on after its closing quote")]),
    "space before a quote": (b'1, "2"\n', [(2, "b", "holds a quote but is not quoted")]),
    "backslash does not escape": (b'"a\\"b",2\n', [(2, "a", "goes on after its closing quote")]),
    "quote never closed": (
        b'"1,2\n3,4\n5,6\n',
        [(2, "a", "opens a quote that is not closed"), (3, ("3", "4")), (4, ("5", "6"))],
    ),
    "quote closed by the next record's": (
        b'"1,2\n"3",4\n5,6\n',
        [(2, "a", "opens a quote that is not closed"), (3, ("3", "4")), (4, ("5", "6"))],
    ),
    "quote closed at another width": (
        b'"1,2\n3",4,5\n',
        [
            (2, "a", "opens a quote that is not closed"),
            (3, "a", "holds a quote but is not quoted"),
        ],
    ),
    "carriage return alone": (b"1\r,2\n", [(2, "a", "holds a carriage return but is not quoted")]),
    "NUL": (b"1,\x002\n", [(2, "b", "holds a NUL byte")]),
    "quoted NUL": (b'"1\x00",2\n', [(2, "a", "holds a NUL byte")]),
    "not UTF-8": (b"\xff,2\n3,4\n", [(2, None, "is not valid UTF-8"), (3, ("3", "4"))]),
    "overlong UTF-8": (b"\xc0\x80,2\n", [(2, None, "is not valid UTF-8")]),
    "surrogate in UTF-8": (b"\xed\xa0\x80,2\n", [(2, None, "is not valid UTF-8")]),
    "cut UTF-8 at the end": (b"1,\xe2\x82", [(2, None, "is not valid UTF-8")]),
    "not UTF-8 in the second line of a record": (
        b'"1\n\xff",2\n3,4\n',
        [
            (2, "a", "opens a quote that is not closed"),
            (3, None, "is not valid UTF-8"),
            (4, ("3", "4")),
        ],
    ),
    "fifty lines": (b'"' + b"\n" * 49 + b'",2\n', [(2, ("\n" * 49, "2"))]),
    "a field of 1 MiB": (b"x" * (1 << 20) + b",2\n", [(2, ("x" * (1 << 20), "2"))]),
    "a field over 1 MiB": (
        b"x" * ((1 << 20) + 1) + b",2\n3,4\n",
        [(2, "a", "is longer than 1 MiB"), (3, ("3", "4"))],
    ),
    "a record over 8 MiB": (
        b"x" * (9 << 20) + b",2\n3,4\n",
        [(2, None, "is longer than 8 MiB"), (3, ("3", "4"))],
    ),
    "a record over 8 MiB at the end": (
        b"1,2\n" + b"x" * (9 << 20),
        [(2, ("1", "2")), (3, None, "is longer than 8 MiB")],
    ),
    "a quote opened on the last line": (b'1,"2', [(2, "b", "opens a quote that is not closed")]),
}


@pytest.mark.parametrize("name", RECORDS)
def test_each_record_is_read_or_refused(name: str) -> None:
    content, expected = RECORDS[name]
    assert brief(parse(b"a,b\n" + content)) == expected


def test_a_record_of_fifty_one_lines_is_refused_line_by_line() -> None:
    shapes = brief(parse(b'a,b\n"' + b"\n" * 50 + b'",2\n3,4\n'))
    assert shapes[0] == (2, "a", "opens a quote that is not closed")
    assert shapes[1:50] == [(line,) for line in range(3, 52)]
    assert shapes[50:] == [(52, "a", "opens a quote that is not closed"), (53, ("3", "4"))]


# The first line of a file, and what it is read as.
HEADERS = {
    b"a,b\n": ("a", "b"),
    b"a,b": ("a", "b"),
    b'"a","b,c"\r\n': ("a", "b,c"),
    b"\xef\xbb\xbfa,b\n": ("a", "b"),
    b"a,,b\n": ("a", "", "b"),
    b"\n": Problem(1, 0, None, "is blank", "expected a header"),
    b"a\xff,b\n": Problem(1, 0, None, "is not valid UTF-8"),
    b'a,"b\n': Problem(1, 0, None, "field 2 opens a quote that is not closed"),
    b"a,b\r1,2\r": Problem(
        1,
        0,
        None,
        "holds a carriage return without a line feed",
        "expected lines that end with LF or CRLF",
    ),
}


@pytest.mark.parametrize("content", HEADERS)
def test_the_first_line_is_the_header(content: bytes) -> None:
    assert parse(content) == [HEADERS[content]]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_other_encodings_are_refused_by_name(encoding: str) -> None:
    with pytest.raises(DataRefusedError) as refusal:
        parse("\ufeffa,b\n1,2\n".encode(encoding))
    assert str(refusal.value) == (
        f"x.csv: is {encoding[:6].upper()}, not UTF-8\n  nothing was loaded; save the file as UTF-8"
    )


def test_a_blank_line_of_a_single_column_is_a_null() -> None:
    assert brief(parse(b"a\n\n1\n")) == [(2, (None,)), (3, ("1",))]


def test_offsets_lead_to_the_raw_bytes() -> None:
    content = '\ufeffa,b\né,"x\ny"\r\n\n"z,2\n3,4'.encode()
    for item in parse(content)[1:]:
        if isinstance(item, Record):
            raw = item.raw
            assert content[item.byte_offset : item.byte_offset + len(raw)] == raw
            assert content[: item.byte_offset].count(b"\n") + 1 == item.line_number
    assert brief(parse(content)) == [
        (2, ("é", "x\ny")),
        (4,),
        (5, "a", "opens a quote that is not closed"),
        (6, ("3", "4")),
    ]


def test_a_byte_order_mark_counts_as_bytes() -> None:
    lines = list(utf8_lines([b"\xef\xbb", b"\xbfa\nb"], "x.csv"))
    assert lines == [Line(1, 3, b"a\n"), Line(2, 5, b"b")]


cells = st.one_of(
    st.none(),
    st.text(st.sampled_from('ab",\n\r \\.é\u2028'), max_size=8),
)
tables = st.integers(2, 5).flatmap(
    lambda width: st.lists(st.tuples(*[cells] * width), min_size=1, max_size=12)
)


def written(cell: str | None) -> str:
    return "" if cell is None else '"' + cell.replace('"', '""') + '"'


def file_of(rows: list[tuple[str | None, ...]], line_end: str = "\n") -> bytes:
    header = ",".join(f"c{index}" for index in range(len(rows[0])))
    lines = [header, *(",".join(map(written, row)) for row in rows)]
    return "".join(line + line_end for line in lines).encode()


@given(tables, st.sampled_from(["\n", "\r\n"]))
def test_what_is_written_strictly_is_read_back(
    rows: list[tuple[str | None, ...]], line_end: str
) -> None:
    items = parse(file_of(rows, line_end))[1:]
    assert [item.fields for item in items if isinstance(item, Record)] == rows
    assert (
        b"".join(item.raw for item in items if isinstance(item, Record))
        == (file_of(rows, line_end).split(b"\n", 1)[1])
    )


@given(st.binary(max_size=80) | st.text('a",\n\r', max_size=60).map(str.encode), st.integers(1, 9))
def test_how_bytes_are_cut_into_chunks_changes_nothing(content: bytes, chunk: int) -> None:
    assert parse(b"a,b\n" + content, chunk) == parse(b"a,b\n" + content)


DAMAGES = (b'5" disk,2,3\n', b'1,"2"x,3\n', b"1,2\n", b"1,2,3,4\n", b"1,\xff,3\n", b"1,\x00,3\n")
plain_rows = st.lists(
    st.tuples(*[st.none() | st.text("ab1 ", min_size=1, max_size=4)] * 3), min_size=2, max_size=9
)


@given(
    st.lists(st.tuples(*[cells] * 3), min_size=2, max_size=9),
    st.sampled_from(DAMAGES),
    st.integers(0, 9),
)
def test_one_damaged_line_is_one_problem_and_no_other_row_is_lost(
    rows: list[tuple[str | None, ...]], damage: bytes, at: int
) -> None:
    before, after = rows[: at % len(rows)], rows[at % len(rows) :]
    content = file_of(before or [(None,) * 3])[: None if before else len(b"c0,c1,c2\n")]
    content += damage + file_of(after).split(b"\n", 1)[1]
    items = parse(content)[1:]
    assert [item.fields for item in items if isinstance(item, Record)] == rows
    assert len([item for item in items if isinstance(item, Problem)]) == 1


@given(plain_rows, st.integers(0, 9))
def test_a_quote_left_open_swallows_no_row(rows: list[tuple[str | None, ...]], at: int) -> None:
    lines = [",".join(cell or "" for cell in row) + "\n" for row in rows]
    lines.insert(at % (len(rows) + 1), '"1,2,3\n')
    items = parse(b"a,b,c\n" + "".join(lines).encode())[1:]
    assert [item.fields for item in items if isinstance(item, Record)] == rows
    assert len([item for item in items if isinstance(item, Problem)]) == 1
