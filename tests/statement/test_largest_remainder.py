"""largest_remainder, as PostgreSQL runs it, against whole-number arithmetic of Python."""

import random
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import psycopg
import pytest
from databases import connect_to
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment

SOURCE = (Path(__file__).parents[2] / "macros/largest_remainder.sql").read_text(encoding="utf-8")
Parts = list[tuple[Decimal, Decimal]]

# Zero, the smallest and the largest there can be, credits, and ordinary amounts.
amounts = st.one_of(
    st.sampled_from(["0", "1e-12", "-1e-12", "99999999999999999999999999", "0.005", "-0.005"]),
    st.decimals(-1_000_000, 1_000_000, places=12).map(str),
    st.decimals(-1, 1, places=12).map(str),
).map(Decimal)
weights = st.one_of(
    st.sampled_from(["0", "1", "1e-18", "1e18", "0.333333333333333333"]),
    st.decimals(0, 1_000_000, places=9).map(str),
).map(Decimal)


@pytest.fixture(scope="module")
def connection(server: dict[str, str]) -> Iterator[psycopg.Connection]:
    with connect_to(server) as opened:
        yield opened


def split(
    connection: psycopg.Connection, parts: Parts, digits: int, macro: str, seed: int = 0
) -> list[Decimal]:
    """Shares of parts (amount, weight), in their order, whatever order they are read in."""
    jinja = Environment(autoescape=False)  # noqa: S701  # it writes SQL, not HTML
    template = jinja.from_string(f"{SOURCE}{{{{ {macro} }}}}")
    places = list(range(len(parts)))
    random.Random(seed).shuffle(places)  # noqa: S311  # any repeatable order will do
    shares = connection.execute(
        f"select {template.render(digits=digits)}"
        " from (select *, sum(weight) over () as weights, 1 as pool"
        " from unnest(%s::numeric[], %s::numeric[], %s::bigint[]) as rows (amount, weight, place)"
        ") as parts order by place",
        [[parts[at][0] for at in places], [parts[at][1] for at in places], places],
    )
    return [row[0] for row in shares]


def in_cents(
    connection: psycopg.Connection, amounts: list[Decimal], seed: int = 0
) -> list[Decimal]:
    macro = "largest_remainder('amount', digits, 'pool', 'place')"
    return split(connection, [(amount, Decimal(1)) for amount in amounts], 2, macro, seed)


def by_weight(
    connection: psycopg.Connection, pool: Decimal, base: list[Decimal], seed: int = 0
) -> list[Decimal]:
    macro = "largest_remainder('amount * weight', digits, 'pool', 'place', 'weights')"
    return split(connection, [(pool, weight) for weight in base], 12, macro, seed)


def rounded_half_away(value: Fraction) -> int:
    whole = (abs(value) * 2 + 1) // 2
    return int(whole if value >= 0 else -whole)


def furthest(shown: list[Decimal], exact: list[Fraction]) -> Fraction:
    return max(abs(Fraction(a) - b) for a, b in zip(shown, exact, strict=True))


def expected(quotients: list[Fraction], digits: int) -> list[Fraction]:
    scaled = [quotient * 10**digits for quotient in quotients]
    units = [value.__floor__() for value in scaled]
    left = rounded_half_away(sum(scaled, Fraction(0))) - sum(units)
    by_remainder = sorted(range(len(units)), key=lambda at: (units[at] - scaled[at], at))
    for at in by_remainder[:left]:
        units[at] += 1
    return [Fraction(unit, 10**digits) for unit in units]


@settings(max_examples=400, deadline=None)
@given(parts=st.lists(amounts, min_size=1, max_size=60), seed=st.integers(0, 9))
def test_cents_add_up_to_the_rounded_sum(
    connection: psycopg.Connection, parts: list[Decimal], seed: int
) -> None:
    shown = in_cents(connection, parts, seed)
    exact = [Fraction(part) for part in parts]
    assert list(map(Fraction, shown)) == expected(exact, 2)
    assert sum(map(Fraction, shown)) * 100 == rounded_half_away(sum(exact) * 100)
    assert furthest(shown, exact) < Fraction(1, 100)


@settings(max_examples=400, deadline=None)
@given(
    pool=amounts,
    base=st.lists(weights, min_size=1, max_size=60).filter(any),
    seed=st.integers(0, 9),
)
def test_shares_add_up_to_the_pool(
    connection: psycopg.Connection, pool: Decimal, base: list[Decimal], seed: int
) -> None:
    whole = sum(map(Fraction, base))
    shown = by_weight(connection, pool, base, seed)
    exact = [Fraction(pool) * Fraction(weight) / whole for weight in base]
    assert list(map(Fraction, shown)) == expected(exact, 12)
    assert sum(map(Fraction, shown)) == Fraction(pool)
    assert furthest(shown, exact) < Fraction(1, 10**12)


def test_a_thousand_targets_share_to_the_last_unit(connection: psycopg.Connection) -> None:
    base = [Decimal(weight % 7) + Decimal("1e-9") for weight in range(1000)]
    shown = by_weight(connection, Decimal("1234.567890123457"), base)
    assert sum(map(Fraction, shown)) == Fraction("1234.567890123457")


def test_of_equal_parts_the_first_gets_what_is_left(connection: psycopg.Connection) -> None:
    for seed in range(6):
        assert by_weight(connection, Decimal(100), [Decimal(1)] * 3, seed) == [
            Decimal("33.333333333334"),
            Decimal("33.333333333333"),
            Decimal("33.333333333333"),
        ]
