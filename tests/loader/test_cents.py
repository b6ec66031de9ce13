"""Cents shown for exact amounts: parts make the whole, margins make the table, order is nothing."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.report.cents import exact_sum, split_cents, split_grid, to_cents

AMOUNTS = st.decimals(-(10**9), 10**9, places=12, allow_nan=False)
PARTS = st.dictionaries(st.text(max_size=3), AMOUNTS, max_size=12)
FRACTIONS = st.decimals(0, 3, places=12).filter(bool)
GRIDS = st.dictionaries(
    st.tuples(st.sampled_from("abcde"), st.sampled_from("vwxyz")), FRACTIONS, min_size=1
)


def margins(cells: dict[tuple[str, str], Decimal]) -> tuple[dict[str, int], dict[str, int]]:
    rows: dict[str, Decimal] = {}
    columns: dict[str, Decimal] = {}
    for (row, column), amount in cells.items():
        rows[row] = exact_sum((rows.get(row, Decimal(0)), amount))
        columns[column] = exact_sum((columns.get(column, Decimal(0)), amount))
    whole = to_cents(exact_sum(cells.values()))
    return split_cents(rows, whole), split_cents(columns, whole)


@given(PARTS)
def test_parts_add_up_to_the_rounded_whole(parts: dict[str, Decimal]) -> None:
    assert sum(split_cents(parts).values()) == to_cents(exact_sum(parts.values()))


@given(PARTS)
def test_no_part_is_a_cent_or_more_away(parts: dict[str, Decimal]) -> None:
    shown = split_cents(parts)
    assert shown.keys() == parts.keys()
    assert all(abs(shown[key] - amount * 100) < 1 for key, amount in parts.items())


@given(PARTS, st.randoms(use_true_random=False))
def test_the_order_of_the_parts_does_not_matter(parts: dict[str, Decimal], random: object) -> None:
    shuffled = list(parts.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert split_cents(dict(shuffled)) == split_cents(parts)


@given(PARTS.filter(bool), st.integers(-500, 500))
def test_parts_add_up_to_a_given_whole(parts: dict[str, Decimal], whole: int) -> None:
    assert sum(split_cents(parts, whole).values()) == whole


def test_the_largest_remainders_get_the_cents_that_are_left() -> None:
    parts = {"a": Decimal("0.3333"), "b": Decimal("0.3333"), "c": Decimal("0.3334")}
    assert split_cents(parts) == {"a": 33, "b": 33, "c": 34}
    thirds = dict.fromkeys("cab", Decimal("0.333333333333"))
    assert split_cents(thirds, 100) == {"c": 33, "a": 34, "b": 33}


def test_credits_keep_their_sign() -> None:
    assert split_cents({"use": Decimal("10.004"), "credit": Decimal("-10.004")}) == {
        "use": 1000,
        "credit": -1000,
    }


def test_no_parts_are_no_cents_and_nothing_is_split_among_nobody() -> None:
    assert split_cents({}) == {}
    with pytest.raises(ValueError, match="5 cents cannot be split"):
        split_cents({}, 5)


@pytest.mark.parametrize(
    ("amount", "cents"), [("0.005", 1), ("0.004999999999", 0), ("-0.005", -1), ("1E+3", 100000)]
)
def test_half_a_cent_is_rounded_away_from_zero(amount: str, cents: int) -> None:
    assert to_cents(Decimal(amount)) == cents


def test_amounts_longer_than_28_digits_stay_exact() -> None:
    large = Decimal("99999999999999999999999999.990000000001")
    assert exact_sum([large, large]) == Decimal("199999999999999999999999999.980000000002")
    with localcontext(prec=50):
        assert split_cents({"a": large, "b": large}) == {
            "a": 9999999999999999999999999999,
            "b": 9999999999999999999999999999,
        }


def column_sums(shown: dict[tuple[str, str], int]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for (_, column), cents in shown.items():
        sums[column] = sums.get(column, 0) + cents
    return sums


@given(GRIDS)
def test_rows_of_a_grid_add_up(cells: dict[tuple[str, str], Decimal]) -> None:
    rows, columns = margins(cells)
    shown = split_grid(cells, rows, columns)
    for row, total in rows.items():
        assert sum(cents for (of, _), cents in shown.items() if of == row) == total


@given(GRIDS)
def test_no_cell_of_a_grid_is_made_up_or_a_cent_away(cells: dict[tuple[str, str], Decimal]) -> None:
    shown = split_grid(cells, *margins(cells))
    assert shown.keys() == cells.keys()
    assert all(abs(shown[place] - amount * 100) < 1 for place, amount in cells.items())


def rounded_another_way(
    cells: dict[tuple[str, str], Decimal], rows: dict[str, int]
) -> dict[str, int]:
    """Return the column sums of a table with the same rows, rounded up from its right end."""
    shown = {place: int(amount * 100) for place, amount in cells.items()}
    for row, total in rows.items():
        partial = [place for place in sorted(cells, reverse=True) if place[0] == row]
        partial = [place for place in partial if shown[place] != cells[place] * 100]
        missing = total - sum(cents for (of, _), cents in shown.items() if of == row)
        shown |= {place: shown[place] + 1 for place in partial[:missing]}
    return column_sums(shown)


@given(GRIDS)
def test_columns_add_up_whenever_some_choice_of_cents_lets_them(
    cells: dict[tuple[str, str], Decimal],
) -> None:
    rows, _ = margins(cells)
    feasible = rounded_another_way(cells, rows)
    assert column_sums(split_grid(cells, rows, feasible)) == feasible


@given(GRIDS, st.randoms(use_true_random=False))
def test_the_order_of_the_cells_does_not_matter(
    cells: dict[tuple[str, str], Decimal], random: object
) -> None:
    shuffled = list(cells.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    rows, columns = margins(cells)
    back = dict(reversed(rows.items())), dict(reversed(columns.items()))
    assert split_grid(dict(shuffled), *back) == split_grid(cells, rows, columns)


def test_a_cent_moves_along_a_row_until_the_columns_add_up() -> None:
    half = Decimal("0.005")
    cells = {("a", "x"): half, ("a", "y"): half, ("b", "x"): half, ("b", "y"): half}
    assert split_grid(cells, {"a": 1, "b": 1}, {"x": 1, "y": 1}) == {
        ("a", "x"): 0,
        ("a", "y"): 1,
        ("b", "x"): 1,
        ("b", "y"): 0,
    }


def test_a_cent_finds_its_way_through_a_third_column() -> None:
    half = Decimal("0.005")
    cells = {("a", "x"): half, ("a", "y"): half, ("b", "y"): half, ("b", "z"): half}
    assert split_grid(cells, {"a": 1, "b": 1}, {"x": 0, "y": 1, "z": 1}) == {
        ("a", "x"): 0,
        ("a", "y"): 1,
        ("b", "y"): 0,
        ("b", "z"): 1,
    }


def test_columns_give_way_where_rows_leave_no_choice() -> None:
    cells = {("a", "x"): Decimal("0.006"), ("b", "y"): Decimal("0.004")}
    assert split_grid(cells, {"a": 1, "b": 0}, {"x": 0, "y": 1}) == {("a", "x"): 1, ("b", "y"): 0}
    cells = {("a", "x"): Decimal("0.006"), ("a", "y"): Decimal("0.01")}
    assert split_grid(cells, {"a": 2}, {"x": 0, "y": 2}) == {("a", "x"): 1, ("a", "y"): 1}
    cells = {("a", "x"): Decimal("0.01"), ("a", "y"): Decimal("0.004")}
    assert split_grid(cells, {"a": 1}, {"x": 0, "y": 1}) == {("a", "x"): 1, ("a", "y"): 0}
