"""Exact numbers as text."""

from decimal import Decimal


def plain_number(number: Decimal, form: str = "f") -> str:
    """Return the digits, in a form of Python's, without trailing zeros; never rounded."""
    digits = format(number, form)
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
