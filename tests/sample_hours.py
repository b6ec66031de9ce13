"""The sample files hour by hour, zeros filled in, worked out without the project: csv and Decimal.

What exports leave out is made here as real zeros, one by one, and percentiles are read off sorted
lists. Nothing is counted cleverly here, so that the cleverness of the models can be seen to fail.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from sample_totals import EXACT, TWELVE_DECIMALS, csv_rows, files, rows_of, run_keys, seed, utc

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

HOUR = timedelta(hours=1)
ZERO = Decimal()
# The sample's only fixed charge for workers is for a whole month.
WORKERS = "spacelift:private_workers"


class PoolHour(NamedTuple):
    """What a worker pool had and did in an hour, and what it cost."""

    workers: Decimal
    busy: Decimal
    waiting: Decimal
    cost: Decimal
    idle_cost: Decimal


class Percentiles(NamedTuple):
    """A month of hours: how many, how many filled, and what they came to."""

    hours: int
    filled: int
    p50: Decimal
    p90: Decimal
    p95: Decimal
    p99: Decimal
    maximum: Decimal


class Row(NamedTuple):
    """One usage record; `pool` of a run or of a count, `resource` of a level alone."""

    export: str
    account: str
    meter_id: str
    hour: datetime
    quantity: Decimal
    resource: str | None = None
    pool: str = ""


def expected_pool_hours() -> dict[tuple[str, datetime], PoolHour]:
    """Every pool's hours from its first to its last one, with its part of the day's charge."""
    counted: dict[str, dict[tuple[str, datetime], Decimal]] = {
        meter: defaultdict(Decimal)
        for meter in (
            "worker_count",
            "run_minutes.private.occupying",
            "run_minutes.private.waiting",
        )
    }
    for row in spacelift():
        meter = row.meter_id.removeprefix("spacelift:")
        if meter in counted:
            key = (row.pool, row.hour)
            counted[meter][key] = EXACT.add(counted[meter][key], row.quantity)
    workers, busy, waiting = counted.values()
    keys = []
    for pool in {pool for pool, _ in workers | busy | waiting}:
        seen = [hour for found, hour in workers | busy | waiting if found == pool]
        keys += [(pool, hour) for hour in hours(min(seen), max(seen))]
    costs = shared_costs({key: workers[key] for key in keys})
    return {
        key: PoolHour(
            workers[key],
            busy[key],
            waiting[key],
            costs[key],
            idle(workers[key], busy[key], costs[key]),
        )
        for key in keys
    }


def shared_costs(
    workers: dict[tuple[str, datetime], Decimal],
) -> dict[tuple[str, datetime], Decimal]:
    """Each day's charge by workers, hour by hour and pool by pool, as rounded running totals."""
    by_day: dict[date, list[tuple[str, datetime]]] = defaultdict(list)
    for pool, hour in sorted(workers, key=lambda key: (key[1], key[0])):
        by_day[hour.date()].append((pool, hour))
    costs = {}
    for day, keys in by_day.items():
        charge, total = daily_charge(day), sum((workers[key] for key in keys), ZERO)
        running = ZERO
        for key in keys:
            before = part(charge, running, total)
            running += workers[key]
            costs[key] = part(charge, running, total) - before
    return costs


def daily_charge(day: date) -> Decimal:
    """One day's part of the month's fee for workers, as rounded running totals."""
    (fee,) = [row for row in seed("fixed_charges") if row["meter_id"] == WORKERS]
    start, end = (
        datetime.fromisoformat(fee[name]).date() for name in ("period_start", "period_end")
    )
    amount, days = Decimal(fee["amount"]), Decimal((end - start).days)
    number = Decimal((day - start).days)
    return part(amount, number + 1, days) - part(amount, number, days)


def part(amount: Decimal, share: Decimal, whole: Decimal) -> Decimal:
    """`amount` times `share` of `whole`, to 12 decimals, half up."""
    return EXACT.divide(EXACT.multiply(amount, share), whole).quantize(
        TWELVE_DECIMALS, context=EXACT
    )


def idle(workers: Decimal, busy: Decimal, cost: Decimal) -> Decimal:
    """The part of an hour's cost for minutes in which workers did nothing."""
    capacity = 60 * workers
    return part(cost, max(capacity - busy, ZERO), capacity) if capacity else ZERO


def expected_percentiles() -> dict[tuple[str, str, str | None], Percentiles]:
    """Percentiles of each meter, account and, for a level, resource; the sample is one month."""
    series: dict[tuple[str, str, str | None], dict[datetime, Decimal]] = defaultdict(
        lambda: defaultdict(Decimal)
    )
    for row in all_rows():
        quantities = series[row.meter_id, row.account, row.resource]
        quantities[row.hour] = EXACT.add(quantities[row.hour], row.quantity)
    expected = {}
    for key, quantities in series.items():
        seen = [hour for other, found in series.items() if other[:2] == key[:2] for hour in found]
        filled = sorted(quantities.get(hour, ZERO) for hour in hours(min(seen), max(seen)))
        n = len(filled)
        ranks = (filled[ceil(n * percent / 100) - 1] for percent in (50, 90, 95, 99))
        expected[key] = Percentiles(n, n - len(quantities), *ranks, filled[-1])
    return expected


def expected_days() -> dict[tuple[str, str, date], int]:
    """Hours with usage by export, account and day; Tecton's versions are one export."""
    days: dict[tuple[str, str, date], set[datetime]] = defaultdict(set)
    for row in all_rows():
        days[row.export, row.account, row.hour.date()].add(row.hour)
    return {key: len(found) for key, found in days.items()}


def hours(first: datetime, last: datetime) -> Iterator[datetime]:
    """Every hour from the first to the last, both included."""
    while first <= last:
        yield first
        first += HOUR


def all_rows() -> Iterator[Row]:
    """Every usage record that counts, but for Metronome's, which are events."""
    yield from spacelift()
    yield from databricks()
    yield from tecton()
    yield from infrasage()


def spacelift() -> Iterator[Row]:
    """Worker counts, and of two downloads that share a run in an hour the newer one's minutes."""
    for row in rows_of("spacelift/worker_count.csv"):
        pool, count = row["WorkerPoolName"], Decimal(row["Count"])
        at = unix_hour(row["TimestampUnix"])
        yield Row(
            "spacelift.worker_count", "default", "spacelift:worker_count", at, count, pool, pool
        )
    exports: dict[str, list[list[dict[str, str]]]] = defaultdict(list)
    for path in files("spacelift/run_minutes_*.csv"):
        in_file: dict[str, list[dict[str, str]]] = defaultdict(list)
        for row in csv_rows(path):
            in_file[row["TimestampUnix"]].append(row)
        for hour, rows in in_file.items():
            exports[hour] = [
                *(kept for kept in exports[hour] if not run_keys(kept) & run_keys(rows)),
                rows,
            ]
    holds_worker = {row["run_state"]: row["holds_worker"] for row in seed("spacelift_run_states")}
    for row in (row for found in exports.values() for rows in found for row in rows):
        workers = "public" if row["Public"] == "true" else "private"
        doing = "occupying" if holds_worker[row["RunState"]] == "true" else "waiting"
        meter, at = f"spacelift:run_minutes.{workers}.{doing}", unix_hour(row["TimestampUnix"])
        minutes = Decimal(row["StateDurationMinutes"])
        yield Row(
            "spacelift.run_minutes", "default", meter, at, minutes, pool=row["WorkerPoolName"]
        )


def databricks() -> Iterator[Row]:
    """Equal lines of a file are one; the stamp is the last instant of the hour."""
    for path in files("databricks/*.csv"):
        for line in dict.fromkeys(tuple(row.items()) for row in csv_rows(path)):
            row = dict(line)
            at = (utc(row["timestamp"]) - timedelta(milliseconds=1)).replace(
                minute=0, second=0, microsecond=0
            )
            meter, dbus = f"databricks:{row['sku']}", Decimal(row["dbus"])
            yield Row("databricks.billable_usage", row["workspaceId"], meter, at, dbus)


def tecton() -> Iterator[Row]:
    """Version 2 where it has the hour, version 1 elsewhere."""
    units = {row["unit_v1"]: row["unit_v2"] for row in seed("tecton_units")}
    version_2 = [
        (row["accountName"], utc(row["timestamp"]), row["unit"], row["quantity"])
        for row in rows_of("tecton/v2/*/*.csv")
    ]
    covered = {usage[:2] for usage in version_2}
    version_1 = [
        (
            row["accountName"],
            utc(row["timestamp"].replace(" UTC", "Z")),
            units[row["unit"]],
            row["quantity"],
        )
        for row in rows_of("tecton/v1/*/*.csv")
    ]
    older = [usage for usage in version_1 if usage[:2] not in covered]
    for account, hour, unit, quantity in version_2 + older:
        yield Row("tecton.billable_usage_v2", account, f"tecton:{unit}", hour, Decimal(quantity))


def infrasage() -> Iterator[Row]:
    """Events and bytes are two meters."""
    for row in rows_of("infrasage/*.csv"):
        at = datetime.fromisoformat(row["hour"]).replace(tzinfo=UTC)
        for counter, column in (("events", "event_count"), ("bytes", "bytes_ingested")):
            meter = f"infrasage:{row['event_type']}.{counter}"
            quantity = Decimal(row[column])
            yield Row("infrasage.usage_metering", row["tenant_id"], meter, at, quantity)


def unix_hour(seconds: str) -> datetime:
    """The UTC hour of a Unix time."""
    return datetime.fromtimestamp(int(seconds), UTC).replace(minute=0, second=0)
