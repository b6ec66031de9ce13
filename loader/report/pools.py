"""The report's worker pools: what of each month's capacity was used, and what idleness cost."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from loader.report.cents import exact_sum, split_cents
from loader.report.records import WorkerDay

_HOUR = Decimal(60)


@dataclass(frozen=True)
class PoolMonth:
    """A pool's month in hours, and its cost in cents; None where nothing was charged.

    `name` is None for what was charged on days without any worker, of which nobody knows whether
    it was idle.
    """

    month: date
    account_key: str
    name: str | None
    most_workers: Decimal
    capacity: Decimal
    busy: Decimal
    waiting: Decimal
    currency: str | None
    cost: int | None
    idle_cost: int | None

    @property
    def utilisation(self) -> Decimal | None:
        """Busy hours divided by capacity; None without capacity."""
        return self.busy / self.capacity if self.capacity else None


def pool_months(workers: Iterable[WorkerDay]) -> tuple[PoolMonth, ...]:
    """Return a row for each month, newest first, and pool; the cents of a month add up."""
    days: dict[tuple[date, str, str], list[WorkerDay]] = {}
    for day in workers:
        key = (day.usage_date.replace(day=1), day.account_key, day.worker_pool or "")
        days.setdefault(key, []).append(day)
    months = sorted({key[0] for key in days}, reverse=True)
    return tuple(
        line
        for month in months
        for line in _month({key: days[key] for key in sorted(days) if key[0] == month})
    )


def _month(pools: dict[tuple[date, str, str], list[WorkerDay]]) -> list[PoolMonth]:
    parts: dict[tuple[str, str, str, bool], Decimal] = {}
    for (_, account, pool), days in pools.items():
        charged = [day for day in days if day.effective_cost is not None]
        if not charged:
            continue
        currency = charged[0].currency or ""
        cost = exact_sum(day.effective_cost or Decimal(0) for day in charged)
        idle = exact_sum(day.idle_cost or Decimal(0) for day in charged)
        parts[currency, account, pool, True] = idle
        parts[currency, account, pool, False] = exact_sum((cost, -idle))
    cents: dict[tuple[str, str, str, bool], int] = {}
    for currency in {key[0] for key in parts}:
        cents |= split_cents({key: parts[key] for key in parts if key[0] == currency})
    return [_line(key, days, cents) for key, days in pools.items()]


def _line(
    key: tuple[date, str, str],
    days: list[WorkerDay],
    cents: dict[tuple[str, str, str, bool], int],
) -> PoolMonth:
    month, account, pool = key
    currency = next((day.currency for day in days if day.effective_cost is not None), None)
    place = (currency or "", account, pool)
    charged = (*place, True) in cents
    idle_known = charged and any(day.idle_cost is not None for day in days)
    return PoolMonth(
        month=month,
        account_key=account,
        name=pool or None,
        most_workers=max(day.most_workers for day in days),
        capacity=exact_sum(day.capacity_minutes for day in days) / _HOUR,
        busy=exact_sum(day.busy_minutes for day in days) / _HOUR,
        waiting=exact_sum(day.waiting_minutes for day in days) / _HOUR,
        currency=currency,
        cost=cents[*place, True] + cents[*place, False] if charged else None,
        idle_cost=cents[*place, True] if idle_known else None,
    )
