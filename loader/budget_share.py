"""The share of a budget that is spent, by one rule for the page and for alerts."""

from decimal import ROUND_FLOOR, Decimal

_WHOLE = Decimal(100)
_TENTH = Decimal("0.1")


def in_percent(share: Decimal) -> str:
    """Return the share in percent with one decimal, rounded down, without the sign of percent.

    Rounded down, so that no threshold is shown as reached before it is; what is not nothing is
    never 0.
    """
    percent = (share * _WHOLE).quantize(_TENTH, ROUND_FLOOR)
    return "<0.1" if not percent and share > 0 else f"{percent:,}"
