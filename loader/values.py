"""Proof, without a database, that PostgreSQL casts a text to its column's declared type.

Narrower than PostgreSQL and never wider: what is accepted here casts without error, and without
rounding, whatever the session's DateStyle or time zone. Words such as `now`, `infinity` and `NaN`,
which PostgreSQL does take, are refused.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from loader.column_types import ColumnType
from loader.exports import Column
from loader.json_text import NotJsonbError, prove

Check = Callable[[str | None], str | None]
_TextCheck = Callable[[str], str | None]

_WHOLE = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?(?:([0-9]+)(?:\.([0-9]+))?|\.([0-9]+))(?:[eE]([+-]?[0-9]{1,4}))?")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_MOMENT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.[0-9]{1,6}0{0,20})?(Z| ?UTC|[+-](?:0[0-9]|1[0-5])(?::?[0-5][0-9])?)?"
)
_BOOLEANS = frozenset({"true", "false", "t", "f", "1", "0"})
_BIGINT = range(-(2**63), 2**63)
_MAX_NUMBER_LENGTH = 1000
_CACHED_VALUES = 4096
_CACHED_LENGTH = 1024

_EXPECTED = {
    "bigint": "expected a whole number such as 42",
    "numeric": "expected a decimal such as 12.5",
    "boolean": "expected true or false",
    "timestamp": "expected a date and time such as 2024-05-10 19:00:00",
    "timestamptz": "expected a date, a time and a zone such as 2024-05-10T19:00:00Z",
    "date": "expected a date such as 2024-05-10",
    "jsonb": "expected JSON such as {}",
}


def expected(column: Column) -> str | None:
    """Return the sentence that says what the column's values must look like, if there is one."""
    if column.pattern is not None:
        return f"expected text that matches {column.pattern}"
    return _EXPECTED.get(column.type.name)


def compile_check(column: Column) -> Check:
    """Return a function that gives the reason why a value is refused, or None.

    A reason never holds any part of the value.
    """
    prove_text = _with_pattern(column.pattern, _check_of(column.type))
    missing = "is empty" if column.is_not_null else None

    def check(value: str | None) -> str | None:
        if value is None or not value:
            return missing or (None if value is None else prove_text(value))
        return prove_text(value)

    return check


def _with_pattern(pattern: str | None, check: _TextCheck) -> _TextCheck:
    if pattern is None:
        return check
    matches = re.compile(pattern).fullmatch

    def check_both(text: str) -> str | None:
        return check(text) if matches(text) else f"does not match {pattern}"

    return check_both


def _check_of(column_type: ColumnType) -> _TextCheck:
    if column_type.name == "numeric":
        return _numeric_check(column_type.precision, column_type.scale)
    return {
        "text": _check_text,
        "boolean": _check_boolean,
        "bigint": _check_bigint,
        "date": _check_date,
        "timestamp": _cached(_check_timestamp),
        "timestamptz": _cached(_check_timestamptz),
        "jsonb": _cached(_check_jsonb),
    }[column_type.name]


def _cached(check: _TextCheck) -> _TextCheck:
    """Remember the verdict on short texts: hours and tags repeat over and over in an export."""
    remembered = lru_cache(_CACHED_VALUES)(check)

    def check_once(text: str) -> str | None:
        return remembered(text) if len(text) <= _CACHED_LENGTH else check(text)

    return check_once


def _check_text(text: str) -> str | None:
    return "holds a NUL character" if "\0" in text else None


def _check_boolean(text: str) -> str | None:
    return None if text.lower() in _BOOLEANS else "is not true or false"


def _check_bigint(text: str) -> str | None:
    if len(text) > _MAX_NUMBER_LENGTH or not _WHOLE.fullmatch(text):
        return "is not a whole number"
    return None if int(text) in _BIGINT else "is out of the range of bigint"


def _numeric_check(precision: int, scale: int) -> _TextCheck:
    whole = precision - scale
    usual = re.compile(
        rf"[+-]?(?=[0-9])0*+[0-9]{{0,{whole}}}+(?:\.(?=[0-9])[0-9]{{0,{scale}}}+0*+)?"
    ).fullmatch

    def check(text: str) -> str | None:
        if len(text) > _MAX_NUMBER_LENGTH:
            return "is not a number"
        return None if usual(text) else _check_unusual_number(text, whole, scale)

    return check


def _check_unusual_number(text: str, whole: int, scale: int) -> str | None:
    """Judge a number that is not plain digits within the limits, such as 1.0E-4."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return "is not a number"
    fraction = match[2] or match[3] or ""
    digits = (match[1] or "") + fraction
    exponent = int(match[4] or 0) - len(fraction)
    significant = digits.strip("0")
    if not significant:
        return None
    exponent += len(digits) - len(digits.rstrip("0"))
    if -exponent > scale:
        return f"has more than {scale} decimals"
    if len(significant) + exponent > whole:
        return f"has more than {whole} digits before the point"
    return None


def _check_date(text: str) -> str | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return "is not a date"
    return None if _instant(match, 3) else "is not a date of the calendar"


def _check_timestamp(text: str) -> str | None:
    match = _MOMENT.fullmatch(text)
    if match is None:
        return "is not a date and time"
    if match[7] not in {None, "Z", "UTC", " UTC"}:
        return "has a time zone other than UTC"
    return None if _instant(match, 6) else "is not a time of the calendar"


def _check_timestamptz(text: str) -> str | None:
    match = _MOMENT.fullmatch(text)
    if match is None:
        return "is not a point in time"
    if match[7] is None:
        return "has no time zone"
    return None if _instant(match, 6, _zone(match[7])) else "is not a time of the calendar"


def _instant(match: re.Match[str], parts: int, zone: timezone = UTC) -> datetime | None:
    """Return the moment in UTC, or None when the calendar of the years 1 to 9999 has no such."""
    year, month, day, hour, minute, second = (
        *(int(part) for part in match.groups()[:parts]),
        *[0] * (6 - parts),
    )
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(text: str) -> timezone:
    if text.endswith(("Z", "UTC")):
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


def _check_jsonb(text: str) -> str | None:
    """Judge the facts an export gives by name: an object, or the null that says there are none."""
    try:
        prove(text)
    except NotJsonbError as error:
        return str(error)
    is_object = text.lstrip()[0] == "{" or text.strip() == "null"
    return None if is_object else "is not a JSON object"
