"""Events Acme sent to Metronome: what its own customers used, one JSON object per line.

Some events name the customer by an ingest alias, one alias is known to nobody, and some events were
sent twice: the same `transaction_id`, at times with another payload, of which the first counts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from acme.month import Draws, Month, load_percent

# A customer's identifiers: Metronome's own, and the aliases it may be called by.
CUSTOMERS = (
    ("5f1c2a8e-3d47-4b90-9c6e-0a7b8d2e4f11", "northwind@example.com"),
    ("8b7e6d5c-4a39-4218-b0f7-9e8d7c6b5a42", "acct-10042"),
    ("c0a1b2d3-e4f5-4671-8293-a4b5c6d7e8f3", "acct-10077"),
    ("2d9f8e7c-6b5a-4493-a821-7f6e5d4c3b24", "billing@example.com"),
    ("e7d6c5b4-a392-4817-9605-f4e3d2c1b0a5",),
    ("91a2b3c4-d5e6-4f78-8a9b-0c1d2e3f4a56",),
)
UNKNOWN_CUSTOMER = "acct-99999"
SUFFIXES = ("Z", "Z", ".000Z", ".597Z", "+00:00")
REGIONS = ("US-EAST-1", "US-WEST-3", "EU-CENTRAL-1")

Properties = dict[str, str | int | Decimal]


@dataclass(frozen=True)
class Event:
    """One usage event as it was sent."""

    transaction_id: str
    customer_id: str
    timestamp: str
    event_type: str
    properties: Properties

    def line(self) -> str:
        """The event as one line of JSON; numbers keep every digit."""
        properties = ",".join(f"{json.dumps(k)}:{_json(v)}" for k, v in self.properties.items())
        fields = ("transaction_id", "customer_id", "timestamp", "event_type")
        head = ",".join(f'"{name}":{json.dumps(getattr(self, name))}' for name in fields)
        return f'{{{head},"properties":{{{properties}}}}}\n'


def files(month: Month, seed: int) -> dict[str, str]:
    """The month's file by its path."""
    draws = Draws(seed, "metronome")
    lines = []
    for hour in month.hours:
        moments = sorted(draws.integer(0, 3599) for _ in range(_events_in(hour, draws)))
        for second in moments:
            event = _event(hour + timedelta(seconds=second), draws)
            lines.append(event.line())
            if draws.chance(3):
                lines.append(event.line())
            elif draws.chance(1):
                lines.append(_with_other_payload(event).line())
    return {f"metronome/usage_events_{month.name}.jsonl": "".join(lines)}


def _events_in(hour: datetime, draws: Draws) -> int:
    """Events in an hour, about six in the busiest."""
    return load_percent(hour) * draws.integer(40, 80) // 1000


def _event(moment: datetime, draws: Draws) -> Event:
    """One event of one of the four kinds."""
    event_type = draws.one_of(
        ("http_request", "http_request", "transfer", "feature_lookup", "job_run")
    )
    identifiers = draws.one_of(CUSTOMERS)
    customer = UNKNOWN_CUSTOMER if draws.chance(1) else draws.one_of(identifiers)
    node = f"node-{draws.integer(1, 9)}"
    # Heartbeats are identified by node and minute, so that sending one twice does no harm.
    heartbeat = f"{identifiers[0][:8]}-{node}_{int(moment.timestamp()) // 60}"
    return Event(
        heartbeat if event_type == "job_run" else draws.uuid(),
        customer,
        f"{moment:%Y-%m-%dT%H:%M:%S}{draws.one_of(SUFFIXES)}",
        event_type,
        _properties(event_type, node, draws),
    )


def _properties(event_type: str, node: str, draws: Draws) -> Properties:
    """What the event measured: numbers as strings, as the guide advises, and as numbers."""
    if event_type == "http_request":
        path = draws.one_of(("/v1/search", "/v1/payments", "/v1/score"))
        return {"path": path, "status": "200", "response_time_ms": draws.integer(4, 480)}
    if event_type == "transfer":
        return {
            "domain": "www.example.com",
            "data_center": draws.one_of(REGIONS),
            "bytes": str(draws.integer(12_000, 98_000_000)),
        }
    if event_type == "feature_lookup":
        service = draws.one_of(("ranking_service", "fraud_detection_service", "churn_service"))
        return {"feature_service": service, "features": str(draws.integer(3, 60))}
    seconds = Decimal(draws.integer(1_000, 900_000_000)) / 1_000_000
    return {"node": node, "cpu_seconds": seconds}


def _with_other_payload(event: Event) -> Event:
    """The same event sent again with other contents, which Metronome ignores."""
    return replace(event, properties={**event.properties, "retry": 1})


def _json(value: str | int | Decimal) -> str:
    """A JSON string, or a number with all of its digits."""
    return json.dumps(value) if isinstance(value, str) else str(value)
