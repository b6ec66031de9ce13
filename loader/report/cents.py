"""Cents that add up: exact amounts shown in cents so that the shown parts make the shown whole.

Amounts are exact to twelve decimals. Rounding each part by itself loses or invents a cent here and
there, so the whole is rounded once and its cents are handed out by largest remainder (Hamilton's
method): every part keeps its whole cents, and those that lost most get the cents that are left.
All arithmetic is decimal, and a result that would have to be rounded silently raises instead.
"""

from collections.abc import Iterable, Mapping
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation
from typing import Protocol, Self, TypeVar

# numeric(38, 12) summed over any number of rows fits well within 100 digits.
_EXACT = Context(prec=100, traps=[Inexact, InvalidOperation])


class _Sortable(Protocol):
    def __lt__(self, other: Self, /) -> bool: ...


_Key = TypeVar("_Key", bound=_Sortable)
_Row = TypeVar("_Row", bound=_Sortable)
_Column = TypeVar("_Column", bound=_Sortable)


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum, without the 28 digits Python's decimals are rounded to by default."""
    total = Decimal(0)
    for amount in amounts:
        total = _EXACT.add(total, amount)
    return total


def to_cents(amount: Decimal) -> int:
    """Return the amount in whole cents, half a cent rounded away from zero."""
    return int(_in_cents(amount).to_integral_value(ROUND_HALF_UP))


def exact_units(amount: Decimal) -> int:
    """Return the amount in whole units of its twelfth decimal; raises if it has more decimals."""
    return int(amount.scaleb(12, _EXACT).to_integral_exact(context=_EXACT))


def split_cents(parts: Mapping[_Key, Decimal], whole: int | None = None) -> dict[_Key, int]:
    """Return the cents to show for each part; they add up to `whole`.

    `whole` is in cents; without it, it is the sum of the parts, rounded once. Each part is then
    less than a cent away from its exact amount. The cents left over go to the largest remainders,
    between equal ones to the smaller key, so the order of the parts does not matter.
    """
    exact = {key: _in_cents(amount) for key, amount in parts.items()}
    shown = {key: int(amount.to_integral_value(ROUND_FLOOR)) for key, amount in exact.items()}
    if whole is None:
        whole = to_cents(exact_sum(parts.values()))
    if not parts:
        if whole:
            message = f"{whole} cents cannot be split among no parts"
            raise ValueError(message)
        return shown
    each, left = divmod(whole - sum(shown.values()), len(shown))
    by_remainder = sorted(sorted(shown), key=lambda key: _EXACT.subtract(shown[key], exact[key]))
    rank = {key: position for position, key in enumerate(by_remainder)}
    return {key: cents + each + (rank[key] < left) for key, cents in shown.items()}


def split_grid(
    cells: Mapping[tuple[_Row, _Column], Decimal],
    rows: Mapping[_Row, int],
    columns: Mapping[_Column, int],
) -> dict[tuple[_Row, _Column], int]:
    """Return the cents to show for each cell of a table, whose rows add up to `rows`.

    The columns add up to `columns` as far as that is possible: of tables with empty cells, some
    cannot have both, and then the columns give way. No cell that is not in `cells` is made up, and
    every cell is less than a cent away from its exact amount, if the rows are split from the same
    amounts. `rows` and `columns` are in cents.
    """
    exact = {place: _in_cents(cells[place]) for place in sorted(cells)}
    shown: dict[tuple[_Row, _Column], int] = {}
    for row, whole in rows.items():
        inside = {column: cells[row, column] for column in columns if (row, column) in cells}
        shown |= {(row, column): cents for column, cents in split_cents(inside, whole).items()}
    surplus = {column: -whole for column, whole in columns.items()}
    for (_, column), cents in shown.items():
        surplus[column] += cents
    while path := _way_to_balance(exact, shown, surplus):
        for row, giver, taker in path:
            for column, cent in ((giver, -1), (taker, 1)):
                shown[row, column] += cent
                surplus[column] += cent
    return shown


def _way_to_balance(
    exact: Mapping[tuple[_Row, _Column], Decimal],
    shown: Mapping[tuple[_Row, _Column], int],
    surplus: Mapping[_Column, int],
) -> list[tuple[_Row, _Column, _Column]]:
    """Return the moves of single cents within rows that even out two columns, the fewest it takes.

    A cell that shows more than it is may give a cent, one that shows less may take one. No moves:
    there is no way, or nothing to even out.
    """
    takers: dict[_Row, list[_Column]] = {}
    for (row, column), amount in exact.items():
        if shown[row, column] < amount:
            takers.setdefault(row, []).append(column)
    givers: dict[_Column, list[_Row]] = {}
    for (row, column), amount in exact.items():
        if shown[row, column] > amount and row in takers:
            givers.setdefault(column, []).append(row)
    paths: dict[_Column, list[tuple[_Row, _Column, _Column]]]
    paths = {column: [] for column in sorted(surplus) if surplus[column] > 0}
    for giver in (queue := list(paths)):
        for row in givers.get(giver, ()):
            for taker in takers[row]:
                if taker not in paths:
                    paths[taker] = [*paths[giver], (row, giver, taker)]
                    queue.append(taker)
                    if surplus[taker] < 0:
                        return paths[taker]
    return []


def _in_cents(amount: Decimal) -> Decimal:
    return amount.scaleb(2, _EXACT)
