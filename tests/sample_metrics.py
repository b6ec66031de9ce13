"""What the billable metrics of the sample events must come to: csv, json and Decimal only.

Nothing here asks a database, and numbers are read from the text of the file, so that a mistake in
the models cannot repeat itself here.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NamedTuple

from sample_totals import EXACT, files, seed, utc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Groups = tuple[tuple[str, str | None], ...]


class Event(NamedTuple):
    """One event that counts: its place in the file breaks ties of instants."""

    occurred_at: datetime
    place: int
    event_type: str
    customer: str
    properties: dict[str, Any]


class Result(NamedTuple):
    """A metric of one period: its value, None where nothing was usable, and its events."""

    value: Decimal | None
    events: int
    unusable: int


# Metric, customer, group and start of the period.
Key = tuple[str, str, Groups, datetime]


def hour(moment: datetime) -> datetime:
    """The start of the hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def day(moment: datetime) -> datetime:
    """The start of the day."""
    return hour(moment).replace(hour=0)


def month(moment: datetime) -> datetime:
    """The start of the month."""
    return day(moment).replace(day=1)


def expected_metrics(period: Callable[[datetime], datetime]) -> dict[Key, Result]:
    """Every sample metric by customer, group and period."""
    matching: dict[Key, list[Event]] = defaultdict(list)
    metrics = {metric["metric_id"]: metric for metric in seed("billable_metrics")}
    for event in events():
        for metric_id, metric in metrics.items():
            if takes_in(metric, event):
                groups = tuple((name, text(event, name)) for name in cells(metric["group_keys"]))
                key = (metric_id, event.customer, tuple(sorted(groups)), period(event.occurred_at))
                matching[key].append(event)
    return {key: result_of(metrics[key[0]], found) for key, found in matching.items()}


def expected_customer_events() -> dict[tuple[str, str], int]:
    """Events of the month by customer and event type."""
    totals: dict[tuple[str, str], int] = defaultdict(int)
    for event in events():
        totals[event.customer, event.event_type] += 1
    return dict(totals)


def events() -> Iterator[Event]:
    """The first event with each transaction id, under its customer's own identifier."""
    aliases = {
        row["ingest_alias"]: row["customer_id"] for row in seed("metronome_customer_aliases")
    }
    seen = set()
    for path in files("metronome/*.jsonl"):
        for place, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            # Numbers stay the text that stands in the file.
            event = json.loads(line, parse_float=str, parse_int=str)
            if event["transaction_id"] in seen:
                continue
            seen.add(event["transaction_id"])
            customer = aliases.get(event["customer_id"], event["customer_id"])
            yield Event(
                utc(event["timestamp"]), place, event["event_type"], customer, event["properties"]
            )


def takes_in(metric: dict[str, str], event: Event) -> bool:
    """Whether the event is of a type of the metric's and passes each of its filters."""
    wanted, unwanted = cells(metric["event_types"]), cells(metric["excluded_event_types"])
    if (wanted and event.event_type not in wanted) or event.event_type in unwanted:
        return False
    return all(
        passes(row, text(event, row["property_name"]))
        for row in seed("billable_metric_filters")
        if row["metric_id"] == metric["metric_id"]
    )


def passes(row: dict[str, str], value: str | None) -> bool:
    """Whether a property's text, None where it is missing, passes one filter."""
    if row["must_exist"] and (row["must_exist"] == "true") != (value is not None):
        return False
    if row["in_values"] and value not in cells(row["in_values"]):
        return False
    return value not in cells(row["not_in_values"])


def result_of(metric: dict[str, str], found: list[Event]) -> Result:
    """The metric over some events."""
    if metric["aggregation"] == "COUNT":
        return Result(Decimal(len(found)), len(found), 0)
    texts = [(event, text(event, metric["aggregation_property"])) for event in found]
    if metric["aggregation"] == "UNIQUE":
        values = [value for _, value in texts if value is not None]
        return Result(Decimal(len(set(values))), len(found), len(found) - len(values))
    numbers = [
        (event, number)
        for event, value in texts
        if value is not None and (number := number_of(value)) is not None
    ]
    total = Decimal()
    for _, number in numbers:
        total = EXACT.add(total, number)
    value = {
        "SUM": lambda: total,
        "MAX": lambda: max(number for _, number in numbers),
        "LATEST": lambda: max(numbers, key=lambda pair: pair[0][:2])[1],
    }[metric["aggregation"]]
    return Result(value() if numbers else None, len(found), len(found) - len(numbers))


def text(event: Event, name: str) -> str | None:
    """The text of a property; None where it is missing or null."""
    value = event.properties.get(name)
    assert value is None or isinstance(value, str), value
    return value


def number_of(value: str) -> Decimal | None:
    """The exact number a text is, or None."""
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def cells(cell: str) -> list[str]:
    """The entries of a seed's list."""
    return [entry.strip() for entry in cell.split(";")] if cell else []
