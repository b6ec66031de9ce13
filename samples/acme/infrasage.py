"""InfraSage usage metering: counters per tenant, hour and event type.

The table merges its rows in the background, so some hours have two rows that add up. One backfill
row holds more bytes than a signed 64-bit number.
"""

from __future__ import annotations

from acme.month import SPIKE_DAY, Draws, Month, at, load_percent

HEADER = "tenant_id,hour,event_type,event_count,bytes_ingested\n"
# Tenant, event type, events in the busiest hour, bytes an event, every so many hours.
STREAMS = (
    ("acme-prod", "metric", 42_000_000, 90, 1),
    ("acme-prod", "log", 6_800_000, 310, 1),
    ("acme-prod", "trace", 5_200_000, 240, 1),
    ("acme-prod", "event", 300_000, 520, 2),
    ("acme-prod", "profile", 90_000, 6_100, 4),
    ("acme-prod", "slo", 18_000, 140, 3),
    ("acme-search", "metric", 15_000_000, 95, 1),
    ("acme-search", "log", 4_200_000, 280, 1),
    ("acme-search", "trace", 3_800_000, 260, 2),
    ("acme-staging", "metric", 4_800_000, 90, 3),
    ("acme-staging", "log", 1_400_000, 300, 3),
    ("acme-legacy", "log", 4_500_000, 330, 2),
)
SPIKE_FACTOR = 3
BACKFILL_DAY, BACKFILL_HOUR = 20, 3
# Above 9,223,372,036,854,775,807, the largest bigint.
BACKFILL_EVENTS, BACKFILL_BYTES = 260_000_000, 9_646_519_174_284_091_392


def files(month: Month, seed: int) -> dict[str, str]:
    """The month's file by its path."""
    draws = Draws(seed, "infrasage")
    lines = []
    for hour in month.hours:
        for tenant, event_type, busiest, size, every in STREAMS:
            if hour.hour % every == 0:
                events = draws.around(busiest * load_percent(hour) // 100)
                if tenant == "acme-prod" and hour.day == SPIKE_DAY:
                    events *= SPIKE_FACTOR
                for part in _unmerged(events, draws):
                    row = (tenant, f"{hour:%Y-%m-%d %H}:00:00", event_type, part, part * size)
                    lines.append(",".join(map(str, row)) + "\n")
        if hour == at(month.days[BACKFILL_DAY - 1], BACKFILL_HOUR):
            backfill = f"log,{BACKFILL_EVENTS},{BACKFILL_BYTES}\n"
            lines.append(f"acme-legacy,{hour:%Y-%m-%d %H}:00:00,{backfill}")
    return {f"infrasage/usage_metering_{month.name}.csv": HEADER + "".join(lines)}


def _unmerged(events: int, draws: Draws) -> list[int]:
    """The count of an hour, in two parts where the rows are not merged yet."""
    if not draws.chance(9):
        return [events]
    first = events * draws.integer(20, 80) // 100
    return [first, events - first]
