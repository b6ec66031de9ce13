"""Calendar months, each as its first day."""

import re
from datetime import date

_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")


def month_of(text: str) -> date | None:
    """Return the month that is written as 2026-10; None for any other text."""
    return date.fromisoformat(f"{text}-01") if _MONTH.fullmatch(text) else None


def word(month: date) -> str:
    """Return the month as people write it, such as 2026-10."""
    return f"{month:%Y-%m}"


def next_month(month: date) -> date:
    """Return the first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
