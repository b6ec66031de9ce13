"""What holds of every CSV file: random tables, cut anywhere, damaged anywhere."""

import csv
from io import StringIO

from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Read, read_bytes

from loader.csv_blocks import BLOCK_BYTES, count_plain_lines

HEADER = (
    "TimestampUnix,StateDurationMinutes,Public,RunState,RunType,RunULID,StackName,StackSlug,"
    "StackULID,IsStack,WorkerPoolName,WorkerPoolULID"
)
# Which of the columns hold any text: the rest are the serial, a number and two booleans.
TEXTS = (3, 4, 5, 6, 7, 8, 10, 11)
WIDTH = 12
SPECIAL = [
    "\\.",
    "\\N",
    "NULL",
    '"',
    '""',
    ",",
    "'",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "a\n\\.\nb",
    " ",
    "#",
]

Table = list[list[str]]

anything = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), max_size=8
) | st.sampled_from(SPECIAL)
one_line = anything.map(lambda text: text.replace("\r", "").replace("\n", ""))
# How many bytes arrive at once, and how many are judged together.
cuts = st.tuples(
    st.sampled_from([1, 2, 3, 7, 64, 4096]) | st.integers(1, 300),
    st.just(BLOCK_BYTES) | st.integers(8, 400),
)
line_ends = st.sampled_from(["\n", "\r\n"])
# What is taken off the end of a file.
last_ends = st.sampled_from(["", "\r\n"])
quotings = st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC])


@st.composite
def tables(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> Table:
    """Draw a run_minutes table; each row carries its serial in the first column."""
    rows: Table = []
    for serial in range(draw(st.integers(0, 8))):
        row = [str(1790812800 + serial), f"{serial}.5", "true", *[""] * 6, "false", "", ""]
        for column in TEXTS:
            row[column] = draw(texts)
        rows.append(row)
    return rows


def written(rows: Table, quoting: int, line_end: str) -> bytes:
    out = StringIO(newline="")
    csv.writer(out, quoting=quoting, lineterminator=line_end).writerows(rows)  # type: ignore[arg-type]
    return f"{HEADER}{line_end}{out.getvalue()}".encode()


def fields_of(read: Read) -> list[tuple[str | None, ...]]:
    return [fields for _, fields in read.records]


def read_back(rows: Table, quoting: int) -> list[tuple[str | None, ...]]:
    """Return the rows as they are read: nothing is null, and empty only in quotes."""
    empty = None if quoting == csv.QUOTE_MINIMAL else ""
    return [tuple(field or empty for field in row) for row in rows]


@given(tables(anything), quotings, line_ends, cuts)
@settings(max_examples=400, deadline=None)
def test_what_csv_writes_is_read_to_the_last_character(
    rows: Table, quoting: int, line_end: str, cut: tuple[int, int]
) -> None:
    if quoting == csv.QUOTE_MINIMAL and line_end == "\n":
        # Python's writer leaves a carriage return without quotes where lines end with LF.
        rows = [[field.replace("\r", "") for field in row] for row in rows]
    read = read_bytes(written(rows, quoting, line_end), "x.csv", *cut)
    assert read.problems == []
    assert read.blanks == 0
    assert fields_of(read) == read_back(rows, quoting)


@given(tables(one_line), st.lists(line_ends, min_size=8, max_size=8), last_ends, cuts)
@settings(max_examples=200, deadline=None)
def test_newline_styles_may_change_from_line_to_line(
    rows: Table,
    ends: list[str],
    cut_off: str,
    cut: tuple[int, int],
) -> None:
    lines = [written([row], csv.QUOTE_ALL, "\n").split(b"\n")[1] for row in rows]
    parts = [line + end.encode() for line, end in zip(lines, ends, strict=False)]
    content = f"{HEADER}\n".encode() + b"".join(parts)
    content = content.rstrip(cut_off.encode())
    read = read_bytes(content, "x.csv", *cut)
    assert read.problems == []
    assert read.records == list(enumerate(read_back(rows, csv.QUOTE_ALL), 2))


@given(
    st.lists(
        st.binary(max_size=12)
        | st.sampled_from([b'"', b",", b"\n", b"\r", b"\r\n", b"\\.\n", b'""', b'",', b',"', b"\0"])
        | st.just(b"1790812800,1.5,true,a,b,c,d,e,f,true,,\n")
        | st.just(b'1790812801,1.5,true,"a\nb",b,c,d,e,f,true,"",\n'),
        max_size=30,
    ),
    cuts,
)
@settings(max_examples=600, deadline=None)
def test_it_does_not_matter_how_any_bytes_arrive(parts: list[bytes], cut: tuple[int, int]) -> None:
    content = f"{HEADER}\n".encode() + b"".join(parts)
    assert read_bytes(content, "x.csv", *cut) == read_bytes(content, "x.csv")


@given(tables(one_line).filter(bool), quotings, line_ends, st.data(), cuts)
@settings(max_examples=600, deadline=None)
def test_damage_stays_on_its_line(
    rows: Table, quoting: int, line_end: str, data: st.DataObject, cut: tuple[int, int]
) -> None:
    lines = [line + b"\n" for line in written(rows, quoting, line_end).split(b"\n")[:-1]]
    assert len(lines) == len(rows) + 1
    at = data.draw(st.integers(1, len(rows)), "damaged line")
    lines[at] = damaged(lines[at], data)
    read = read_bytes(b"".join(lines), "x.csv", *cut)

    whole = dict(enumerate(read_back(rows, quoting), 2))
    found = dict(read.records)
    assert len(found) == len(read.records)
    number = at + 1
    altered = found.pop(number, None)
    del whole[number]
    assert found == whole
    assert [line for line, _ in read.problems] in ([], [number])
    assert (altered is not None) + len(read.problems) + read.blanks == 1
    if altered is not None:
        text = lines[at].decode().removesuffix("\n").removesuffix("\r")
        (alone,) = csv.reader(StringIO(text, newline=""), strict=True)
        assert [field or "" for field in altered] == alone


def damaged(line: bytes, data: st.DataObject) -> bytes:
    """Replace some bytes of a line, not its end, by others that are no line end."""
    inner = line.rstrip(b"\r\n")
    start = data.draw(st.integers(0, len(inner)), "from")
    stop = data.draw(st.integers(start, min(len(inner), start + 6)), "to")
    other = data.draw(
        st.sampled_from([b"", b'"', b",", b'""', b'",', b',"', b"\\.", b"\r", b"\0", b"\xff"])
        | st.binary(max_size=4),
        "by",
    )
    return inner[:start] + other.replace(b"\n", b"") + inner[stop:] + line[len(inner) :]


def plain_lines(data: bytes) -> int | None:
    """Say what `count_plain_lines` says, a byte at a time."""
    inside = False
    lines = 0
    before = ord("\n")
    for at, byte in enumerate(data):
        after = data[at + 1] if at + 1 < len(data) else None
        if byte == ord('"'):
            neighbour, allowed = (after, b',"\n\r') if inside else (before, b',"\n')
            if neighbour is None or neighbour not in allowed:
                return None
            inside = not inside
        elif byte == ord("\n"):
            if inside:
                return None
            lines += 1
        elif byte == 0 or (byte == ord("\r") and after != ord("\n")):
            return None
        before = byte
    return lines


pieces = st.sampled_from(
    [*map(str.encode, ',"\na'), b"\r\n", b'""', b'"a,b"', b"a" * 61, b"\r", b"\0"]
)


@settings(deadline=None, max_examples=500)
@given(st.lists(pieces, max_size=60).map(b"".join))
def test_sixty_four_bytes_at_once_are_judged_as_one_by_one(data: bytes) -> None:
    assert count_plain_lines(data + b"\n", len(data) + 1) == plain_lines(data + b"\n")
