import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.column_types import parse_type
from loader.exports import Column
from loader.values import compile_check, expected


def column(data_type: str, *, is_not_null: bool = False, pattern: str | None = None) -> Column:
    return Column(
        name="c",
        type=parse_type(data_type),
        description="",
        header="c",
        is_not_null=is_not_null,
        pattern=pattern,
    )


# For each type, values with the reason they are refused, or None.
VERDICTS: dict[str, dict[str, str | None]] = {
    "text": {"": None, "now": None, "\u2028": None, "a\0": "holds a NUL character"},
    "boolean": {
        **dict.fromkeys(["true", "FALSE", "t", "F", "1", "0"]),
        **dict.fromkeys(["", "yes", "on", "tr", " true", "2", "\uff11"], "is not true or false"),
    },
    "bigint": {
        **dict.fromkeys(["0", "-0", "+7", "007", "9223372036854775807", "-9223372036854775808"]),
        **dict.fromkeys(
            ["", "1.0", "1e3", "1_000", "0x1F", " 1", "1 ", "--1", "4,83179E+15", "\u0661"],
            "is not a whole number",
        ),
        "9223372036854775808": "is out of the range of bigint",
        "-9223372036854775809": "is out of the range of bigint",
        "0" * 900 + "1": None,
        "0" * 1001: "is not a whole number",
    },
    "numeric(38, 18)": {
        **dict.fromkeys(
            [
                "0",
                "-0.0",
                "12.5",
                "+1",
                ".5",
                "-.5",
                "0.02339955555555556",
                "1.0E-4",
                "1e19",
                "00.10",
            ]
        ),
        **dict.fromkeys(["99999999999999999999", "0." + "9" * 18, "1." + "0" * 300, "0E-9999"]),
        **dict.fromkeys(
            [
                *("", ".", "5.", "1,5", "1.234,5", "4,83179E+15", "2.339.955", "NaN", "Infinity"),
                *("1e", "e5", "1e99999", "0x10", "1_0", " 1", "1 ", "1\n", "\u0663", "0" * 1001),
            ],
            "is not a number",
        ),
        "100000000000000000000": "has more than 20 digits before the point",
        "1e20": "has more than 20 digits before the point",
        "0." + "0" * 18 + "1": "has more than 18 decimals",
        "1E-19": "has more than 18 decimals",
        "1.5E-18": "has more than 18 decimals",
        "10E-19": None,
    },
    "numeric(20, 0)": {
        **dict.fromkeys(["18446744073709551615", "12.000", "1.5e1"]),
        "1.5": "has more than 0 decimals",
        "100000000000000000000": "has more than 20 digits before the point",
    },
    "numeric(3, 3)": {"0.123": None, ".5": None, "1": "has more than 0 digits before the point"},
    "timestamptz": {
        **dict.fromkeys(
            [
                *("2024-05-10T19:00:00Z", "2024-05-10 19:00:00 UTC", "2024-05-10 19:00:00UTC"),
                *("2024-05-10T19:00:00 UTC", "2024-02-29T23:59:59.999999Z"),
                *("2024-05-10T19:00:00.1234560Z", "2024-05-10T19:00:00.597Z"),
                *(
                    "2024-05-10T19:00:00+00:00",
                    "2024-05-10 19:00:00-05",
                    "2024-05-10 19:00:00+0530",
                ),
                *("2024-05-10T19:00:00+15:59", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
            ]
        ),
        **dict.fromkeys(["2024-05-10T19:00:00", "2024-05-10 19:00:00.5"], "has no time zone"),
        **dict.fromkeys(
            [
                *("2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-05-10T24:00:00Z"),
                *("2024-05-10T23:59:60Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01"),
                "9999-12-31T23:59:59-01",
            ],
            "is not a time of the calendar",
        ),
        **dict.fromkeys(
            [
                *("", "now", "today", "infinity", "epoch", "1714330800", "2024-05-10"),
                *("10/05/2024 19:00:00Z", "2024-05-10T19:00Z", "2024-05-10T19:00:00.1234567Z"),
                *("2024-05-10T19:00:00 BST", "2024-05-10T19:00:00 Europe/Berlin"),
                *("2024-05-10T19:00:00z", "2024-05-10t19:00:00Z", "2024-05-10  19:00:00Z"),
                *("2024-05-10T19:00:00.Z", "2024-05-10T19:00:00+16:00", "2024-05-10T19:00:00Z "),
                *("2024-05-10T19:00:00Z BC", "\u0662024-05-10T19:00:00Z", "12024-05-10T19:00:00Z"),
                "2024-05-10T19:00:00." + "0" * 200 + "Z",
            ],
            "is not a point in time",
        ),
    },
    "timestamp": {
        **dict.fromkeys(["2024-05-10 19:00:00", "2024-05-10T19:00:00.25", "2024-05-10T19:00:00Z"]),
        "2024-05-10 19:00:00+00": "has a time zone other than UTC",
        "2024-05-10 19:00:00+02": "has a time zone other than UTC",
        "2024-02-30 19:00:00": "is not a time of the calendar",
        "2024-05-10": "is not a date and time",
        "now": "is not a date and time",
    },
    "date": {
        "2024-02-29": None,
        "2023-02-29": "is not a date of the calendar",
        "0000-01-01": "is not a date of the calendar",
        **dict.fromkeys(
            ["today", "29.02.2024", "2024-2-9", "2024-02-29T00:00:00Z"], "is not a date"
        ),
    },
    "jsonb": {
        **dict.fromkeys(
            ["{}", '{"a": [1, 2.50, null]}', " { } \n", r'{"a": "\ud83d\ude00"}', "null", " null "]
        ),
        **dict.fromkeys(['"x"', "1E+400", " [ ] \n", "true", "[{}]"], "is not a JSON object"),
        **dict.fromkeys(
            ["", "x", "{", "{'a': 1}", "[1,]", "01", "1 2", "\u00a0{}", "{}\u00a0"],
            "is not valid JSON",
        ),
        '{"a": 1, "a": 1}': "holds an object with a duplicate key",
        "[NaN]": "holds NaN or Infinity",
        "-Infinity": "holds NaN or Infinity",
        r'"\u0000"': r"holds the character \u0000",
        r'{"\ud800": 1}': "holds half of a surrogate pair",
        r'"\ude00\ud83d"': "holds half of a surrogate pair",
        "1e-1001": "holds a number with an exponent beyond 1,000",
        '{"a":' * 64 + "1" + "}" * 64: None,
        "[" * 65 + "]" * 65: "is nested more than 64 deep",
        "[" * 100_000: "is nested more than 64 deep",
    },
}


@pytest.mark.parametrize("data_type", VERDICTS)
def test_each_value_is_accepted_or_refused_for_a_reason(data_type: str) -> None:
    check = compile_check(column(data_type))
    assert {value: check(value) for value in VERDICTS[data_type]} == VERDICTS[data_type]


def test_null_is_refused_where_a_value_is_needed() -> None:
    assert compile_check(column("bigint"))(None) is None
    assert compile_check(column("bigint", is_not_null=True))(None) == "is empty"


def test_a_pattern_matches_the_whole_value() -> None:
    digits = column("text", pattern="[0-9]+")
    check = compile_check(digits)
    verdicts = {value: check(value) for value in ["12", "12a", "12\n", "", None]}
    refused = "does not match [0-9]+"
    assert verdicts == {"12": None, "12a": refused, "12\n": refused, "": refused, None: None}
    assert expected(digits) == "expected text that matches [0-9]+"


def test_a_verdict_does_not_depend_on_those_before() -> None:
    check = compile_check(column("jsonb"))
    long = '{"a":"' + "x" * 5000
    assert [check(value) for value in ["{}", "{", "{}", "{", long, long + '"}']] == [
        None,
        "is not valid JSON",
        None,
        "is not valid JSON",
        "is not valid JSON",
        None,
    ]


def point_in_time(text: str) -> datetime:
    return datetime.fromisoformat(text.removesuffix("UTC").strip() + "Z" * text.endswith("UTC"))


def whole(text: str) -> object:
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


# How PostgreSQL's own reading of a value is fetched, and what Python says the value is.
READINGS: dict[str, tuple[str, Callable[[str], object], Callable[[str], object]]] = {
    "text": ("value", str, str),
    "boolean": (
        "value::boolean::text",
        str,
        lambda text: str(text.lower() in {"true", "t", "1"}).lower(),
    ),
    "bigint": ("value::bigint::text", int, int),
    "numeric(38, 18)": ("value::numeric(38, 18)::text", Decimal, Decimal),
    "numeric(20, 0)": ("value::numeric(20, 0)::text", Decimal, Decimal),
    "numeric(3, 3)": ("value::numeric(3, 3)::text", Decimal, Decimal),
    "timestamptz": (
        "(value::timestamptz at time zone 'UTC')::text",
        datetime.fromisoformat,
        lambda text: point_in_time(text).astimezone(UTC).replace(tzinfo=None),
    ),
    "timestamp": (
        "value::timestamp::text",
        datetime.fromisoformat,
        lambda text: point_in_time(text).replace(tzinfo=None),
    ),
    "date": ("value::date::text", datetime.fromisoformat, datetime.fromisoformat),
    "jsonb": ("value::jsonb::text", whole, whole),
}
ALPHABETS = {
    "text": "a\\'\"\n\t \u00e9\U0001f600",
    "boolean": "trueflsTF10 ",
    "bigint": "0129+- _x",
    "numeric": "0129.,eE+-  _",
    "timestamptz": "0129-:.TZ +UC",
    "timestamp": "0129-:.TZ ",
    "date": "0129-",
    "jsonb": '{}[]",:0159.eE-+ \\untrlfasd8',
}
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False).map(str)
MOMENTS = st.builds(
    lambda moment, separator, fraction, zone: (
        f"{moment:%Y-%m-%d}{separator}{moment:%H:%M:%S}{fraction}{zone}".zfill(19)
    ),
    st.datetimes(),
    st.sampled_from("T "),
    st.sampled_from(["", ".5", ".999999", ".9999995", ".1234560000"]),
    st.sampled_from(["", "Z", " UTC", "+00", "-12:30", "+15:59", "+1559", "+16"]),
)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
).map(json.dumps)
LIKELY = {"numeric": NUMBERS, "bigint": st.integers().map(str), "jsonb": JSONS} | dict.fromkeys(
    ["timestamptz", "timestamp"], MOMENTS
)


def candidates(data_type: str) -> st.SearchStrategy[list[str]]:
    name = data_type.partition("(")[0]
    odd = st.text(ALPHABETS[name], max_size=30)
    return st.lists(odd | LIKELY.get(name, odd), min_size=30, max_size=60)


@pytest.mark.parametrize("data_type", READINGS)
@pytest.mark.parametrize("style", ["ISO, MDY", "SQL, DMY"])
def test_what_is_accepted_casts_to_the_same_value(
    connection: psycopg.Connection, data_type: str, style: str
) -> None:
    reading, of_database, of_python = READINGS[data_type]
    check = compile_check(column(data_type))
    connection.execute("set timezone = 'Asia/Kathmandu'")

    def assert_castable(values: list[str]) -> None:
        accepted = [value for value in values if check(value) is None]
        connection.execute("select set_config('DateStyle', %s, false)", [style])
        query = (
            "select value from unnest(%s::text[]) as value where not pg_input_is_valid(value, %s)"
        )
        assert connection.execute(query, [accepted, data_type]).fetchall() == []
        connection.execute("set datestyle = 'ISO, MDY'")
        values_in_order = "unnest(%s::text[]) with ordinality as given (value, place)"
        query = f"select {reading} from {values_in_order} order by place"
        rows = connection.execute(query, [accepted]).fetchall()
        assert [of_database(row[0]) for row in rows] == [of_python(value) for value in accepted]

    assert_castable(list(VERDICTS[data_type]))
    settings(max_examples=60, deadline=None)(given(candidates(data_type))(assert_castable))()
