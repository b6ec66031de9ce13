"""Pools with the weights of those who bear them, and what each must bear, by plain fractions."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from hypothesis import strategies

UNIT = Fraction(1, 10**12)
_MOST_TARGETS = 1000
# Zero, tiny, ordinary and huge weights, as whole numbers of 1e-18: what numeric(48, 18) holds.
_WEIGHTS = (
    strategies.just(0)
    | strategies.integers(1, 10)
    | strategies.just(10**18)
    | strategies.integers(1, 10**21)
    | strategies.integers(10**40, 10**47)
)
_AMOUNTS = (
    strategies.integers(-20, 20)
    | strategies.integers(-(10**16), 10**16)
    | strategies.integers(-(10**25), 10**25)
)


@dataclass(frozen=True)
class Pool:
    """An amount in units of the last digit, and weights by team in units of 1e-18."""

    units: int
    weights: dict[str, int]

    @cached_property
    def total(self) -> int:
        """Return the weight of all."""
        return sum(self.weights.values())

    def fraction(self, team: str) -> Fraction:
        """Return what a team bears before anything is rounded."""
        return Fraction(self.units * self.weights[team], self.total * 10**12)

    def shares(self) -> dict[str, Fraction]:
        """Return the shares by largest remainder, ties by the bytes of the name."""
        total, amount = self.total, abs(self.units)
        floors = {team: amount * weight // total for team, weight in self.weights.items()}
        by_rest = sorted(
            self.weights,
            key=lambda team: (-(amount * self.weights[team] % total), team.encode()),
        )
        left = amount - sum(floors.values())
        sign = -1 if self.units < 0 else 1
        return {
            team: Fraction(sign * (floors[team] + (place < left)), 10**12)
            for place, team in enumerate(by_rest)
        }


@strategies.composite
def pools(draw: strategies.DrawFn) -> Pool:
    """Draw a pool of few teams whose weights shrink one by one, or of up to a thousand."""
    few = draw(strategies.lists(_WEIGHTS, min_size=1, max_size=8))
    more = draw(strategies.sampled_from((0,) * 40 + (30, 30, 200, _MOST_TARGETS)))
    draws = random.Random(draw(strategies.integers(0, 2**32)))  # noqa: S311  # repeatable
    weights = [*few, *(draws.choice(few) for _ in range(more - len(few)))]
    weights[0] += not any(weights)
    return Pool(draw(_AMOUNTS), dict(zip(_names(draws), weights, strict=False)))


def _names(draws: random.Random) -> Iterator[str]:
    """Return names that no two collations put into the same order."""
    names = [f"{'tTäÄ-_'[number % 6]}{number}" for number in range(_MOST_TARGETS + 8)]
    draws.shuffle(names)
    return iter(names)


def decimal(number: int, places: int) -> str:
    """Return a whole number of units of that decimal place as a decimal number."""
    return f"{Decimal(number).scaleb(-places):f}"
