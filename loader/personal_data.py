"""Personal data in what was exported: which columns hold it, and what is shown in its place.

A column is personal when its description in the declaration says so: "Personal data". Whatever
looks like an e-mail address is masked too, wherever it stands: people write addresses into tags.
"""

import re
from collections.abc import Iterable, Mapping

from loader.exports import Export

MASK = "***"
_DECLARED = "personal data"
_PART = r"[^\s\"'`,;:<>{}()\[\]\\|]"
# JSON may spell the sign \u0040, an address in a link %40.
_ADDRESS = re.compile(rf"{_PART}*(?:@|\\u0040|%40){_PART}+", re.IGNORECASE)


def personal_columns(export: Export) -> frozenset[str]:
    """Return the names of the columns that are declared to hold personal data."""
    return frozenset(
        column.name for column in export.columns if _DECLARED in column.description.lower()
    )


def masked(text: str) -> str:
    """Return the text with a mask in the place of every e-mail address."""
    return _ADDRESS.sub(MASK, text)


def masked_row(row: Mapping[str, str | None], personal: Iterable[str]) -> dict[str, str | None]:
    """Return a row as it may be shown."""
    return {
        name: value if not value else MASK if name in personal else masked(value)
        for name, value in row.items()
    }


def masked_line(text: str, values: Iterable[str | None]) -> str:
    """Return a line of a file as it may be shown; `values` are those of personal columns."""
    for value in values:
        # The same value is spelled in another way where the file quotes it.
        for spelling in {value or "", (value or "").replace('"', '""')} - {""}:
            text = text.replace(spelling, MASK)
    return masked(text)
