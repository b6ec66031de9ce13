"""Billable metrics of the sample month: what the marts say against what the events say."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import psycopg
import pytest
import sample_metrics
import sample_totals
from sample_metrics import Key, Result
from seed_mistakes import add_row, build_seeds, copy_seeds, failed_tests

COLUMNS = "metric_id, customer_id, group_values, {}, value, event_count, events_unusable"


@pytest.fixture
def marts(built: object) -> Iterator[psycopg.Connection]:
    assert built is not None
    with psycopg.connect("", autocommit=True) as connection:
        yield connection


def read(connection: psycopg.Connection, mart: str, starts: str) -> dict[Key, Result]:
    rows = connection.execute(f"select {COLUMNS.format(starts)} from marts.{mart}").fetchall()
    found = {}
    for metric_id, customer, groups, start, *result in rows:
        moment = start if isinstance(start, datetime) else at_midnight(start)
        key = (metric_id, customer, tuple(sorted(groups.items())), moment.astimezone(UTC))
        found[key] = Result(*result)
    assert len(found) == len(rows)
    return found


def at_midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@pytest.mark.parametrize(
    ("mart", "starts", "period"),
    [
        ("fct_metric_hourly", "usage_start_at", sample_metrics.hour),
        ("rpt_metrics_daily", "usage_date", sample_metrics.day),
        ("rpt_metrics_monthly", "billing_period", sample_metrics.month),
    ],
)
def test_metrics_equal_those_of_the_events_to_the_last_digit(
    marts: psycopg.Connection,
    mart: str,
    starts: str,
    period: Callable[[datetime], datetime],
) -> None:
    expected = sample_metrics.expected_metrics(period)
    assert {key[0] for key in expected} == {
        row["metric_id"] for row in sample_totals.seed("billable_metrics")
    }
    assert read(marts, mart, starts) == expected


def test_customers_have_every_event_under_one_name(marts: psycopg.Connection) -> None:
    rows = marts.execute(
        "select customer_id, event_type, events from marts.rpt_customer_usage_monthly"
    ).fetchall()
    actual = {(customer, event_type): events for customer, event_type, events in rows}
    assert actual == sample_metrics.expected_customer_events()


MISTAKES = {
    "billable_metrics__ids_are_unique": (
        "billable_metrics",
        {"metric_id": "requests", "metric_name": "Twice", "aggregation": "COUNT"},
    ),
    "billable_metrics__aggregation_is_known": (
        "billable_metrics",
        {
            "metric_id": "average",
            "metric_name": "Mistake",
            "aggregation": "AVG",
            "aggregation_property": "bytes",
        },
    ),
    "billable_metrics__count_has_no_property": (
        "billable_metrics",
        {
            "metric_id": "counted",
            "metric_name": "Mistake",
            "aggregation": "COUNT",
            "aggregation_property": "bytes",
        },
    ),
    "billable_metrics__all_but_count_have_a_property": (
        "billable_metrics",
        {"metric_id": "summed", "metric_name": "Mistake", "aggregation": "SUM"},
    ),
    "billable_metrics__event_types_are_complete": (
        "billable_metrics",
        {
            "metric_id": "of_nothing",
            "metric_name": "Mistake",
            "aggregation": "COUNT",
            "event_types": ";",
        },
    ),
    "billable_metrics__excluded_event_types_are_complete": (
        "billable_metrics",
        {
            "metric_id": "without",
            "metric_name": "Mistake",
            "aggregation": "COUNT",
            "excluded_event_types": "a;;b",
        },
    ),
    "billable_metrics__group_keys_are_complete": (
        "billable_metrics",
        {
            "metric_id": "grouped",
            "metric_name": "Mistake",
            "aggregation": "COUNT",
            "group_keys": "path; ",
        },
    ),
    "billable_metric_filters__name_a_known_metric": (
        "billable_metric_filters",
        {"metric_id": "no_such_metric", "property_name": "bytes", "must_exist": "true"},
    ),
    "billable_metric_filters__say_what_passes": (
        "billable_metric_filters",
        {"metric_id": "requests", "property_name": "bytes"},
    ),
    "billable_metric_filters__values_are_not_asked_of_a_missing_property": (
        "billable_metric_filters",
        {
            "metric_id": "requests",
            "property_name": "bytes",
            "must_exist": "false",
            "not_in_values": "1",
        },
    ),
    "billable_metric_filters__in_values_are_complete": (
        "billable_metric_filters",
        {"metric_id": "requests", "property_name": "path", "in_values": ";/v1"},
    ),
    "billable_metric_filters__not_in_values_are_complete": (
        "billable_metric_filters",
        {"metric_id": "requests", "property_name": "path", "not_in_values": "/v1;"},
    ),
}


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory, own_database: dict[str, str]) -> set[str]:
    """Names of the tests that fail on a copy of the seeds with every mistake planted."""
    folder = copy_seeds(tmp_path_factory.mktemp("seeds"))
    for seed, cells in MISTAKES.values():
        add_row(folder, seed, cells, like=None)
    seeds = ("billable_metrics", "billable_metric_filters", "--indirect-selection", "cautious")
    return failed_tests(build_seeds(folder, own_database, seeds))


def test_each_mistake_in_a_definition_is_found_and_nothing_else(failing: set[str]) -> None:
    assert failing == set(MISTAKES)
