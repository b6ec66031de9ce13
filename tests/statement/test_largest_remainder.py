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

# Zero, the smallest and the largest there can be, credits, and ordinary amounts.
amounts = st.one_of(
    st.sampled_from(["0", "1e-12", "-1e-12", "99999999999999999999999999", "0.005", "-0.005"]),
    st.decimals(-1_000_000, 1_000_000, places=12).map(str),
    st.decimals(-1, 1, places=12).map(str),
).map(Decimal)


@pytest.fixture(scope="module")
def connection(server: dict[str, str]) -> Iterator[psycopg.Connection]:
    with connect_to(server) as opened:
        yield opened


def in_cents(connection: psycopg.Connection, parts: list[Decimal], seed: int = 0) -> list[Fraction]:
    """The parts in cents, in their order, whatever order they are read in."""
    jinja = Environment(autoescape=False)  # noqa: S701  # it writes SQL, not HTML
    macro = "{{ largest_remainder('amount', 2, 'pool', 'place') }}"
    places = list(range(len(parts)))
    random.Random(seed).shuffle(places)  # noqa: S311  # any repeatable order will do
    shown = connection.execute(
        f"select {jinja.from_string(SOURCE + macro).render()}"
        " from (select *, 1 as pool from"
        " unnest(%s::numeric[], %s::bigint[]) as rows (amount, place)) as parts order by place",
        [[parts[at] for at in places], places],
    )
    return [Fraction(row[0]) for row in shown]


def rounded_half_away(value: Fraction) -> int:
    whole = (abs(value) * 2 + 1) // 2
    return int(whole if value >= 0 else -whole)


def expected(exact: list[Fraction]) -> list[Fraction]:
    units = [(value * 100).__floor__() for value in exact]
    left = rounded_half_away(sum(exact, Fraction(0)) * 100) - sum(units)
    by_remainder = sorted(range(len(units)), key=lambda at: (units[at] - exact[at] * 100, at))
    for at in by_remainder[:left]:
        units[at] += 1
    return [Fraction(unit, 100) for unit in units]


@settings(max_examples=600, deadline=None)
@given(parts=st.lists(amounts, min_size=1, max_size=60), seed=st.integers(0, 9))
def test_cents_add_up_to_the_rounded_sum(
    connection: psycopg.Connection, parts: list[Decimal], seed: int
) -> None:
    shown = in_cents(connection, parts, seed)
    exact = [Fraction(part) for part in parts]
    assert shown == expected(exact)
    assert sum(shown) * 100 == rounded_half_away(sum(exact, Fraction(0)) * 100)
    assert max(abs(cent - part) for cent, part in zip(shown, exact, strict=True)) < Fraction(1, 100)


def test_of_equal_parts_the_first_get_what_is_left(connection: psycopg.Connection) -> None:
    for seed in range(6):
        shown = in_cents(connection, [Decimal("0.006")] * 5, seed)
        assert shown == [Fraction(1, 100)] * 3 + [Fraction(0)] * 2


def test_ten_thousand_lines_add_up(connection: psycopg.Connection) -> None:
    parts = [Decimal(part - 3000) / 7 for part in range(10_000)]
    shown = in_cents(connection, parts, seed=1)
    assert sum(shown) * 100 == rounded_half_away(sum(map(Fraction, parts)) * 100)
