"""Short, stable codes for the reasons why records are refused, to count and filter them by."""

import re

OTHER = "other"

_CODES = {
    "is longer than 8 MiB": "too_long",
    "is longer than 1 MiB": "too_long",
    "holds a value longer than 1 MiB": "too_long",
    "is not valid UTF-8": "invalid_utf8",
    "is not a header": "no_header",
    "is blank": "no_header",
    "holds a NUL byte": "nul_byte",
    "holds a NUL character": "nul_byte",
    r"holds the character \u0000": "nul_byte",
    "holds a quote but is not quoted": "stray_quote",
    "holds a carriage return but is not quoted": "stray_carriage_return",
    "holds a carriage return without a line feed": "stray_carriage_return",
    "goes on after its closing quote": "text_after_quote",
    "opens a quote that is not closed": "open_quote",
    "is not a JSON object": "not_an_object",
    "goes on after its JSON object": "text_after_object",
    "is not valid JSON": "invalid_json",
    "holds NaN or Infinity": "nan_or_infinity",
    "holds an object with a duplicate key": "duplicate_key",
    "holds half of a surrogate pair": "half_surrogate_pair",
    "is empty": "empty",
    "is not true or false": "not_a_boolean",
    "is not a whole number": "not_a_whole_number",
    "is out of the range of bigint": "out_of_range",
    "is not a number": "not_a_number",
    "is not a date": "not_a_date",
    "is not a date and time": "not_a_time",
    "is not a point in time": "not_a_time",
    "is not a date of the calendar": "not_in_calendar",
    "is not a time of the calendar": "not_in_calendar",
    "has a time zone other than UTC": "zone_not_utc",
    "has no time zone": "no_time_zone",
}
# For reasons with a number or a name in them; they are looked at when no whole reason fits.
_PATTERNS = {
    r"has .+, the header has [0-9,]+": "wrong_width",
    r"holds a number of more than [0-9,]+ characters": "out_of_range",
    r"holds a number with an exponent beyond [0-9,]+": "out_of_range",
    r"is nested more than [0-9,]+ deep": "nested_too_deep",
    r"does not match .*": "pattern_mismatch",
    r"has more than [0-9,]+ decimals": "too_many_decimals",
    r"has more than [0-9,]+ digits before the point": "too_many_digits",
    r"has an unexpected column .*": "unexpected_column",
    r"has .+ unlike what is around its rows": "contradicts_what_is_around",
    r"has \S+ more than once": "duplicate_column",
    r"has no \S+": "missing_column",
}


def code_of(reason: str) -> str:
    """Return the code of a reason, such as not_a_number; `other` for one that has none."""
    if reason in _CODES:
        return _CODES[reason]
    for pattern, code in _PATTERNS.items():
        if re.fullmatch(pattern, reason, re.DOTALL):
            return code
    return OTHER
