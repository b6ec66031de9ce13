"""What `explain` found in a statement, in words: lines, corrections, and how cents were rounded."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from loader.decimals import plain_number
from loader.explaining import Cell
from loader.tracing.facts import Row


def digits(number: Decimal) -> str:
    """Return all digits, with commas between thousands and without trailing zeros."""
    return plain_number(number, ",f")


def _line(_: Cell, facts: Row) -> str:
    corrects = facts.get("corrects_period")
    kind = f", Correction of {_month(corrects)}" if corrects else ""
    closed = f", closed on {facts['closed_at']:%Y-%m-%d}" if "closed_at" in facts else ""
    return f"{facts['source_name']}{kind}{closed}"


def _exact(_: Cell, facts: Row) -> str:
    if corrects := facts.get("corrects_period"):
        return f"exactly: what {_month(corrects)} came to, less what was stated of it before"
    if "closed_at" in facts:
        return f"exactly, as it was closed; what it comes to today: {_command(facts)}"
    return f"exactly, the month's cost: {_command(facts)}"


def _rounding(_: Cell, facts: Row) -> str:
    cents = facts["cents_added"]
    kept = "a cent is added" if cents else "no cent is added"
    if "place" not in facts:
        return f"to cents: {cents} added, by the order of lines when it was closed"
    remainders = f"remainder {digits(facts['remainder'])} is number {facts['place']}"
    left = "1 cent" if facts["cents_left"] == 1 else f"{facts['cents_left']} cents"
    return (
        f"to cents: {kept} to {digits(facts['whole'])}, its {remainders} of {facts['lines']:,}"
        f" by size; {left} of the month's {digits(facts['total'])}, rounded to"
        f" {digits(facts['rounded'])}, go to the largest"
    )


def _after(_: Cell, facts: Row) -> str:
    month = _month(facts["corrects_period"])
    if "closed_at" in facts:
        return f"what {month} came to when this was closed on {facts['closed_at']:%Y-%m-%d}"
    return f"what {month} comes to today: {_command(facts, facts['corrects_period'])}"


def _before(_: Cell, _facts: Row) -> str:
    return "less what was stated of it before"


def _stated(_: Cell, facts: Row) -> str:
    return f"in the statement of {_month(facts['billing_period'])}"


def _command(facts: Row, month: date | None = None) -> str:
    period = _month(month or facts["billing_period"])
    return f"loader explain {facts['team']} {period} --source {facts['source_name']}"


def _month(first: date | None) -> str:
    return f"{first:%Y-%m}"


WORDS: Mapping[str, Callable[[Cell, Row], str]] = {
    "line": _line,
    "exact": _exact,
    "rounding": _rounding,
    "after": _after,
    "before": _before,
    "stated": _stated,
}
