"""No threshold of a budget is shown as reached before it is, nor as open once it is."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis.strategies import decimals, integers

from loader.budget_share import in_percent


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        ("0.7996", "79.9"),
        ("0.8", "80.0"),
        ("0.999999999999", "99.9"),
        ("1", "100.0"),
        ("0.0000001", "<0.1"),
        ("0", "0.0"),
        ("-0.00001", "-0.1"),
        ("43000", "4,300,000.0"),
    ],
)
def test_a_share_is_rounded_down(share: str, shown: str) -> None:
    assert in_percent(Decimal(share)) == shown


@given(decimals("0.001", 100, places=18), integers(1, 9999))
def test_what_is_shown_is_on_the_same_side_of_each_threshold(
    share: Decimal, threshold: int
) -> None:
    shown = Decimal(in_percent(share).replace(",", ""))
    assert (shown >= threshold) == (share * 100 >= threshold)
