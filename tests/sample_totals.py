"""What the sample files must come to, worked out without the project: csv, json and Decimal only.

Nothing here imports the loader or asks a database, so that a mistake in the models cannot repeat
itself here. Read top to bottom: the rules of each vendor, then prices, then the three totals.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "samples"
# `loader init` puts the demo's decisions aside.
SEEDS = next(path for path in (SAMPLES / "_seeds", ROOT / "seeds") if path.is_dir())
EXACT = Context(prec=100, rounding=ROUND_HALF_UP)
TWELVE_DECIMALS = Decimal("0.000000000001")


class Usage(NamedTuple):
    """One billable usage record: the UTC day its hour starts on, what was used, and how much."""

    source: str
    meter_key: str
    day: date
    account: str
    quantity: Decimal

    @property
    def meter_id(self) -> str:
        return f"{self.source}:{self.meter_key}"


def expected_quantities() -> dict[tuple[str, str], Decimal]:
    """Quantity by source and meter. For a level (worker_count) the sum is a check figure only."""
    totals: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for usage in usage_records():
        key = (usage.source, usage.meter_id)
        totals[key] = EXACT.add(totals[key], usage.quantity)
    return dict(totals)


def expected_costs() -> dict[str, Decimal]:
    """Effective cost by source: priced usage of cost meters, and the fixed charges."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for usage in usage_records():
        if cost := cost_of(usage):
            totals[usage.source] = EXACT.add(totals[usage.source], cost)
    for charge in seed("fixed_charges"):
        totals[charge["source_name"]] += Decimal(charge["amount"])
    return dict(totals)


def unpriced_quantities() -> dict[tuple[str, str], Decimal]:
    """Quantity by source and meter that may cost money but has no price on its day."""
    totals: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for usage in usage_records():
        if is_billable(usage) and price_of(usage) is None:
            key = (usage.source, usage.meter_id)
            totals[key] = EXACT.add(totals[key], usage.quantity)
    return dict(totals)


def usage_records() -> Iterator[Usage]:
    """Every usage record that counts, of all five vendors."""
    yield from databricks()
    yield from tecton()
    yield from spacelift_minutes()
    yield from spacelift_workers()
    yield from infrasage()
    yield from metronome()


def databricks() -> Iterator[Usage]:
    """Identical lines of one file are one record. The stamp is the end of the hour."""
    for path in files("databricks/*.csv"):
        distinct = dict.fromkeys(tuple(row.items()) for row in csv_rows(path))
        for row in map(dict, distinct):
            inside = utc(row["timestamp"]) - timedelta(milliseconds=1)
            quantity = Decimal(row["dbus"])
            yield Usage("databricks", row["sku"], inside.date(), row["workspaceId"], quantity)


def tecton() -> Iterator[Usage]:
    """Version 2 counts where it has the account's hour, version 1 elsewhere; equal lines add up."""
    units = {row["unit_v1"]: row["unit_v2"] for row in seed("tecton_units")}
    covered = set()
    for row in rows_of("tecton/v2/*/*.csv"):
        hour = utc(row["timestamp"])
        covered.add((row["accountName"], hour))
        quantity = Decimal(row["quantity"])
        yield Usage("tecton", row["unit"], hour.date(), row["accountName"], quantity)
    for row in rows_of("tecton/v1/*/*.csv"):
        hour = utc(row["timestamp"].replace(" UTC", "Z"))
        if (row["accountName"], hour) not in covered:
            quantity = Decimal(row["quantity"])
            yield Usage("tecton", units[row["unit"]], hour.date(), row["accountName"], quantity)


def spacelift_minutes() -> Iterator[Usage]:
    """The newer file, by name, owns an hour in which it shares a record with an older one."""
    holds_worker = {row["run_state"]: row["holds_worker"] for row in seed("spacelift_run_states")}
    hours: dict[str, list[list[dict[str, str]]]] = defaultdict(list)
    for path in files("spacelift/run_minutes_*.csv"):
        in_file: dict[str, list[dict[str, str]]] = defaultdict(list)
        for row in csv_rows(path):
            in_file[row["TimestampUnix"]].append(row)
        for hour, rows in in_file.items():
            older = [kept for kept in hours[hour] if not run_keys(kept) & run_keys(rows)]
            hours[hour] = [*older, rows]
    for hour, exports in hours.items():
        for row in (row for rows in exports for row in rows):
            workers = "public" if row["Public"] == "true" else "private"
            doing = "occupying" if holds_worker[row["RunState"]] == "true" else "waiting"
            meter_key = f"run_minutes.{workers}.{doing}"
            quantity = Decimal(row["StateDurationMinutes"])
            yield Usage("spacelift", meter_key, unix_day(hour), "default", quantity)


def run_keys(rows: list[dict[str, str]]) -> set[tuple[str, str]]:
    """What tells the rows of one hour apart: a run and its state."""
    return {(row["RunULID"], row["RunState"]) for row in rows}


def spacelift_workers() -> Iterator[Usage]:
    """One file, one row per pool and hour."""
    for row in rows_of("spacelift/worker_count.csv"):
        day, quantity = unix_day(row["TimestampUnix"]), Decimal(row["Count"])
        yield Usage("spacelift", "worker_count", day, "default", quantity)


def infrasage() -> Iterator[Usage]:
    """Every row counts; events and bytes are two meters."""
    for row in rows_of("infrasage/*.csv"):
        day, tenant = date.fromisoformat(row["hour"][:10]), row["tenant_id"]
        for counter, column in (("events", "event_count"), ("bytes", "bytes_ingested")):
            meter_key = f"{row['event_type']}.{counter}"
            yield Usage("infrasage", meter_key, day, tenant, Decimal(row[column]))


def metronome() -> Iterator[Usage]:
    """The first event with a transaction id counts as one event; later ones count nothing."""
    seen = set()
    for path in files("metronome/*.jsonl"):
        for event in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            if event["transaction_id"] not in seen:
                seen.add(event["transaction_id"])
                day = utc(event["timestamp"]).date()
                yield Usage("metronome", event["event_type"], day, "default", Decimal(1))


def is_billable(usage: Usage) -> bool:
    """Meters with role cost; a meter nobody declared may well cost money."""
    return ROLES.get(usage.meter_id, "cost") == "cost"


def price_of(usage: Usage) -> dict[str, str] | None:
    """The price on the usage's day; the sample prices leave at most one."""
    cloud = CLOUDS[usage.source, usage.account]
    in_force = [
        price
        for price in PRICES[usage.meter_id]
        if price["cloud"] in ("", cloud)
        and price["valid_from"] <= usage.day.isoformat() < (price["valid_to"] or "9999-12-31")
    ]
    assert len(in_force) <= 1, in_force
    return in_force[0] if in_force else None


def cost_of(usage: Usage) -> Decimal | None:
    """Contracted price, or the list price without a contract, times quantity, rounded half up."""
    price = price_of(usage) if is_billable(usage) else None
    if price is None:
        return None
    unit_price = Decimal(price["contracted_unit_price"] or price["list_unit_price"])
    amount = EXACT.multiply(unit_price, usage.quantity)
    exact = EXACT.divide(amount, Decimal(price["pricing_block"]))
    return exact.quantize(TWELVE_DECIMALS, context=EXACT)


def files(pattern: str) -> list[Path]:
    """Sample files in the order of their names, which is the order they are loaded in."""
    found = sorted(SAMPLES.glob(pattern))
    assert found, pattern
    return found


def rows_of(pattern: str) -> Iterator[dict[str, str]]:
    """The rows of every CSV file the pattern finds."""
    for path in files(pattern):
        yield from csv_rows(path)


def csv_rows(path: Path) -> list[dict[str, str]]:
    """The rows of one CSV file by column name."""
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def seed(name: str) -> list[dict[str, str]]:
    """The rows of one seed."""
    return csv_rows(SEEDS / f"{name}.csv")


def utc(text: str) -> datetime:
    """A timestamp that names its zone, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def unix_day(seconds: str) -> date:
    """The UTC day of a Unix time."""
    return datetime.fromtimestamp(int(seconds), UTC).date()


ROLES = {row["meter_id"]: row["role"] for row in seed("meters")}
CLOUDS = {(row["source_name"], row["account_key"]): row["cloud"] for row in seed("accounts")}
PRICES: dict[str, list[dict[str, str]]] = defaultdict(list)
for _price in seed("prices"):
    PRICES[_price["meter_id"]].append(_price)
