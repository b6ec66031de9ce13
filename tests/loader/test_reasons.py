import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from loader import csv_records, json_records, json_text, parsing, values
from loader.column_types import ColumnType
from loader.exports import Column
from loader.json_records import NotAnObjectError, read_object
from loader.lines import Line, physical_lines
from loader.reasons import OTHER, code_of
from loader.records import Problem
from loader.values import compile_check

MODULES = (csv_records, json_records, json_text, values, parsing)
# How a reason goes on after the name of a line or a column.
VERBS = ("is", "has", "holds", "goes", "opens", "does")


def texts_of(path: Path) -> Iterator[str]:
    """Yield every text of a module that begins as a reason does; what it fills in becomes 7."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        parts: list[ast.AST] = [*node.values] if isinstance(node, ast.JoinedStr) else [node]
        text = "".join(
            str(part.value) if isinstance(part, ast.Constant) else "7"
            for part in parts
            if isinstance(part, ast.Constant | ast.FormattedValue)
        )
        # A part of a formatted text is met again by itself; it ends where something is filled in.
        if text.split(" ", 1)[0] in VERBS and " " in text.strip() and not text.endswith(" "):
            yield text


def test_every_reason_in_the_modules_has_a_code() -> None:
    found = [text for module in MODULES for text in texts_of(Path(str(module.__file__)))]
    whole = [text for text in found if not re.search(r"than$|beyond$|column$|more$", text)]
    assert len(set(whole)) > 35
    assert [text for text in whole if code_of(text) == OTHER] == []


def problems_of(raw: bytes) -> list[str]:
    lines = physical_lines([raw])
    items = csv_records.read_records(lines, ("a", "b"))
    return [code_of(item.reason) for item in items if isinstance(item, Problem)]


LINES = [
    (b"1\n", "wrong_width"),
    (b"1,2,3\n", "wrong_width"),
    (b'1,5" disk\n', "stray_quote"),
    (b'1,"a"b\n', "text_after_quote"),
    (b'1,"a\n', "open_quote"),
    (b"1,\xff\n", "invalid_utf8"),
    (b"1,\0\n", "nul_byte"),
    (b"1,a\rb\n", "stray_carriage_return"),
    (b"1," + b"x" * (1 << 20) + b"y\n", "too_long"),
    (b"1," + b"x" * (8 << 20) + b"\n", "too_long"),
]


@pytest.mark.parametrize(("raw", "code"), LINES, ids=[code for _, code in LINES])
def test_a_broken_line_has_a_code(raw: bytes, code: str) -> None:
    assert problems_of(raw) == [code]


OBJECTS = [
    ("[]", "not_an_object"),
    ("{} {}", "text_after_object"),
    ("{", "invalid_json"),
    ('{"a": 1, "a": 2}', "duplicate_key"),
    ('{"a": NaN}', "nan_or_infinity"),
    ('{"a": 1e1001}', "out_of_range"),
    ('{"a": ' + "1" * 1001 + "}", "out_of_range"),
    ('{"a": "\\u0000"}', "nul_byte"),
    ('{"a": "\\ud800"}', "half_surrogate_pair"),
    ('{"a": ' + "[" * 65 + "]" * 65 + "}", "nested_too_deep"),
]


@pytest.mark.parametrize(("text", "code"), OBJECTS, ids=[code for _, code in OBJECTS])
def test_a_broken_object_has_a_code(text: str, code: str) -> None:
    with pytest.raises(NotAnObjectError) as refusal:
        read_object(text)
    assert code_of(str(refusal.value)) == code


def test_an_object_that_does_not_fit_has_a_code() -> None:
    reasons = {
        "has an unexpected column 'x'": "unexpected_column",
        "has an unexpected column with an e-mail address": "unexpected_column",
        "has customer_id more than once": "duplicate_column",
        "has no customer_id": "missing_column",
    }
    assert {reason: code_of(reason) for reason in reasons} == reasons


CELLS = [
    ("text", None, "empty"),
    ("text", "\0", "nul_byte"),
    ("boolean", "yes", "not_a_boolean"),
    ("bigint", "1.5", "not_a_whole_number"),
    ("bigint", "9" * 19, "out_of_range"),
    ("numeric", "1,5", "not_a_number"),
    ("numeric", "0.001", "too_many_decimals"),
    ("numeric", "1000", "too_many_digits"),
    ("date", "5/10/2024", "not_a_date"),
    ("date", "2024-02-30", "not_in_calendar"),
    ("timestamp", "noon", "not_a_time"),
    ("timestamp", "2024-01-01 00:00:00+01", "zone_not_utc"),
    ("timestamptz", "noon", "not_a_time"),
    ("timestamptz", "2024-01-01 00:00:00", "no_time_zone"),
    ("timestamptz", "2024-02-30 00:00:00Z", "not_in_calendar"),
    ("jsonb", "x", "invalid_json"),
    ("jsonb", "[]", "not_an_object"),
]


@pytest.mark.parametrize(("type_name", "value", "code"), CELLS)
def test_a_wrong_value_has_a_code(type_name: str, value: str | None, code: str) -> None:
    column_type = ColumnType("numeric", 5, 2) if type_name == "numeric" else ColumnType(type_name)
    column = Column("x", column_type, "", "x", is_not_null=True)
    assert code_of(str(compile_check(column)(value))) == code


def test_a_pattern_may_hold_anything() -> None:
    column = Column("x", ColumnType("text"), "", "x", pattern="a\nb has no c")
    assert code_of(str(compile_check(column)("z"))) == "pattern_mismatch"


def test_a_file_without_a_header_has_a_code() -> None:
    for raw in (None, b"\n", b"\xff\n", b"a\rb\n"):
        problem = csv_records.read_header(Line(1, 0, raw))
        assert isinstance(problem, Problem)
        assert code_of(problem.reason) != OTHER


def test_what_is_not_known_is_other() -> None:
    assert code_of("was eaten by a dog") == OTHER
