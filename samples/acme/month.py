"""The sample month, its rhythm, and repeatable draws.

Only whole numbers are drawn, from the 53 bits of `Random.random()`, which Python promises to keep
the same for a seed; `choice`, `shuffle` and `gauss` have changed before and are not used.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal
from random import Random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

Item = TypeVar("Item")

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
HEX = "0123456789abcdef"
SPIKE_DAY = 13
# Percent of the busiest hour, from midnight UTC on.
DAY_CURVE = (
    *(18, 15, 14, 14, 16, 22, 35, 55, 78, 92, 100, 97),
    *(88, 94, 99, 96, 90, 80, 64, 50, 42, 35, 28, 22),
)
WEEKEND_PERCENT = 38
# A double holds at most 17 significant digits, and Databricks prints them all.
DOUBLE = Context(prec=17)


@dataclass(frozen=True)
class Month:
    """A calendar month in UTC."""

    first_day: date

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read a month written `2026-10`."""
        return cls(date.fromisoformat(f"{text}-01"))

    @property
    def name(self) -> str:
        """The month written `2026-10`."""
        return self.first_day.isoformat()[:7]

    @property
    def days(self) -> list[date]:
        """Every day of the month."""
        every = [self.first_day + timedelta(days=offset) for offset in range(31)]
        return [day for day in every if day.month == self.first_day.month]

    @property
    def hours(self) -> list[datetime]:
        """The start of every hour of the month."""
        return [at(day, hour) for day in self.days for hour in range(24)]


class Draws:
    """Repeatable whole-number draws; each purpose has a stream of its own."""

    def __init__(self, seed: int, purpose: str) -> None:
        """Start the stream of one purpose, such as one file."""
        self._random = Random(seed * 4_294_967_296 + zlib.crc32(purpose.encode()))

    def integer(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self._random.random() * (high - low + 1))

    def chance(self, percent: int) -> bool:
        """True in so many of a hundred draws."""
        return self.integer(1, 100) <= percent

    def one_of(self, items: Sequence[Item]) -> Item:
        """One of the items."""
        return items[self.integer(0, len(items) - 1)]

    def around(self, middle: int, percent: int = 12) -> int:
        """A whole number within so many percent of the middle."""
        return middle * self.integer(100 - percent, 100 + percent) // 100

    def token(self, alphabet: str, length: int) -> str:
        """A text of so many letters of the alphabet."""
        return "".join(self.one_of(alphabet) for _ in range(length))

    def ulid(self) -> str:
        """An identifier of 26 letters, as Spacelift uses."""
        return "01" + self.token(CROCKFORD, 24)

    def uuid(self) -> str:
        """A random UUID."""
        head, tail = self.token(HEX, 12), self.token(HEX, 15)
        return f"{head[:8]}-{head[8:]}-4{tail[:3]}-a{tail[3:6]}-{self.token(HEX, 12)}"


def at(day: date, hour: int) -> datetime:
    """The start of an hour of a day, in UTC."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def is_working_day(day: date) -> bool:
    """Monday to Friday."""
    return day.isoweekday() <= 5  # noqa: PLR2004 -- ISO: 5 is Friday


def load_percent(hour: datetime) -> int:
    """How busy an hour is, in percent of the busiest."""
    weekday = 100 if is_working_day(hour.date()) else WEEKEND_PERCENT
    return max(DAY_CURVE[hour.hour] * weekday // 100, 1)


def double(value: Decimal) -> str:
    """A number as the vendors print doubles: 17 digits at most, and `3.0` for three."""
    text = f"{DOUBLE.plus(value).normalize(DOUBLE):f}"
    return text if "." in text else f"{text}.0"
