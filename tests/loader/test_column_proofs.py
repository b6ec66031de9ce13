"""What is proven a column at a time is what would be proven value by value."""

import csv
import io
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader import batches
from loader.column_proofs import compile_proof, without_member_texts
from loader.column_types import parse_type
from loader.exports import Column, Export, read_exports
from loader.parsing import read_export
from loader.project import find_project
from loader.values import compile_check

COLUMNS = [
    Column("c", parse_type(name), "", "c", is_not_null=is_not_null, pattern=pattern)
    for name, pattern in (
        ("text", None),
        ("text", "[0-9]+"),
        ("bigint", None),
        ("bigint", "[0-9]{9,10}"),
        ("numeric(10, 2)", None),
        ("numeric(59, 40)", None),
        ("numeric(20, 0)", None),
        ("boolean", None),
        ("timestamptz", None),
        ("timestamp", None),
        ("jsonb", None),
    )
    for is_not_null in (False, True)
]
ODD = [
    *("", "0", "1", "-1", "+1", "01", "1.5", "1.", ".5", "1e5", "1E-400", "NaN", "infinity"),
    *("9223372036854775807", "9223372036854775808", "12345678901234567890", "1" * 20, "1" * 21),
    *(
        "1.123",
        "12345678.1",
        "123456789.1",
        "2.339.955",
        "4,83179E+15",
        "1\n",
        " 1",
        "\uff11",
        "1_0",
    ),
    *("true", "T", "yes", "2024-01-01T00:59:59Z", "2024-01-01 00:00:00", "2024-13-01T00:00:00Z"),
    *("{}", '{"a": "b"}', '{"a":"b","a":"c"}', '{"a:":"b"}', '{"a":"b"', '{"a":"\\u0000"}'),
    *('{"a":"\\ud800"}', '{"a": "x", "b": [": \\"", "}"]}', '["a"]', "null", '{"a":NaN}', "{} {}"),
    *('{"a":"\x01"}', '{"a":": \\"b\\""}', '{"a":"","":":"}', '{": ":"","b":""}', '{":":"a":"b"}'),
    *('{"a":"b\\"}', "1714330800", "171433080", "17143308000"),
]
VALUES = st.lists(
    st.none()
    | st.sampled_from(ODD)
    | st.text(max_size=8)
    | st.text('{}[]:," \\ab0', max_size=14)
    | st.decimals(allow_nan=True).map(str),
    max_size=6,
)


USUAL_MOMENT = "2026-10-28T07:08:09"
MOMENTS = [
    *(f"{year}-02-{day}T00:00:00" for year in ("0000", "0001", "2024", "9999") for day in (28, 29)),
    *(f"2026-{month:02}-{day:02}T07:08:09" for month in range(16) for day in range(35)),
    *(f"2026-{number:02}-01T00:00:00" for number in range(100)),
    *(f"2026-10-{number:02} 00:00:00" for number in range(100)),
    *(f"2026-10-28T{number:02}:00:00" for number in range(100)),
    *(f"2026-10-28T00:{number:02}:00" for number in range(100)),
    *(f"2026-10-28T00:00:{number:02}" for number in range(100)),
    *(
        USUAL_MOMENT[:at] + character + USUAL_MOMENT[at + 1 :]
        for at in range(len(USUAL_MOMENT))
        for character in "0/:-.Tt \xe9"
    ),
]


@pytest.mark.parametrize("zone", ["Z", "", ".000Z", ".9Z", ".999", ".0:0Z", "+00", "z"])
@pytest.mark.parametrize("name", ["timestamptz", "timestamp"])
def test_a_moment_is_proven_exactly_when_it_is_accepted(name: str, zone: str) -> None:
    column = Column("c", parse_type(name), "", "c")
    prove, check = compile_proof(column), compile_check(column)
    for moment in MOMENTS:
        value = moment + zone
        assert prove(pa.array([None, value]).slice(1)) == (check(value) is None), value


def test_moments_as_exports_write_them_need_no_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr(
        "loader.column_proofs._Remembered.accepts", lambda _, values: seen.append(values) or True
    )
    column = Column("c", parse_type("timestamptz"), "", "c")
    usual = ["2026-01-31T23:59:59Z", "2026-02-28 00:00:00Z", "2026-11-30T01:59:59.999Z"]
    assert compile_proof(column)(pa.array([*usual, "2024-02-29T00:00:00Z"]))
    assert [values.to_pylist() for values in seen] == [["2024-02-29T00:00:00Z"]]


def test_objects_differ_in_their_members_texts_no_longer() -> None:
    objects = ['{"x":""}', '{"a":"b","c": "d:","e":1}', '{"a":"","c": "\u00e9","e":1}', "{}"]
    without = without_member_texts(pa.array(objects).slice(1))
    assert without.to_pylist() == [*['{"a":"","c": "","e":1}'] * 2, "{}"]


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: f"{column.type} {column.pattern}")
@given(values=VALUES)
def test_a_proven_column_holds_only_acceptable_values(
    column: Column, values: list[str | None]
) -> None:
    # A block with a NUL is never proven a column at a time.
    values = [None if value is None else value.replace("\0", "") for value in values]
    prove, check = compile_proof(column), compile_check(column)
    wrong = [value for value in values if check(value) is not None]
    is_proven = prove(pa.array(values, pa.string()))
    assert not (is_proven and wrong)
    # What it learns from one block must not make it accept more in the next.
    assert prove(pa.array([*values, *ODD], pa.string())) <= (not wrong)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: f"{column.type} {column.pattern}")
def test_single_odd_values_are_judged_alike(column: Column) -> None:
    prove, check = compile_proof(column), compile_check(column)
    verdicts = {value: prove(pa.array([value], pa.string())) for value in ODD}
    assert {value for value, is_proven in verdicts.items() if is_proven} <= {
        value for value in ODD if check(value) is None
    }


EXPORTS = read_exports(find_project(Path(__file__).parent))
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["1", "22", "x", "", "-3"]),
        st.sampled_from(["1", "7"]),
        st.just("1714330800"),
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6),
    ),
    max_size=30,
)


@settings(deadline=None)
@given(
    rows=ROWS,
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    stray=st.none() | st.tuples(st.integers(0, 400), st.sampled_from([b'"', b"\r", b",", b"\xff"])),
)
def test_both_ways_read_the_same(
    rows: list[tuple[str, ...]], quoting: int, stray: tuple[int, bytes] | None
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, quoting=quoting, lineterminator="\n")  # type: ignore[arg-type]
    writer.writerows([("ID", "Count", "TimestampUnix", "WorkerPoolName"), *rows])
    data = text.getvalue().encode()
    if stray is not None:
        header = data.index(b"\n") + 1
        at = header + stray[0] % (len(data) - header + 1)
        data = data[:at] + stray[1] + data[at:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("loader.csv_blocks.FEW_BYTES", 0)
        quick = read_all(data, EXPORTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches.CsvProver, "_columns_of", lambda _self, _block: None)
        patch.setattr("loader.csv_blocks.count_plain_lines", lambda _data, _size: None)
        assert read_all(data, EXPORTS) == quick


def read_all(data: bytes, exports: tuple[Export, ...]) -> tuple[list[object], list[object], int]:
    rows: list[object] = []
    problems: list[object] = []
    blank = 0
    for job in read_export(io.BytesIO(data).read, exports, "x.csv").jobs:
        batch = job()
        rows += zip(
            batch.line_numbers.to_pylist(), *(row.to_pylist() for row in batch.rows), strict=True
        )
        problems += batch.problems
        blank += batch.blank
    return rows, problems, blank
