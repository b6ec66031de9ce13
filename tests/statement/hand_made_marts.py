"""Marts made by hand: as much of them as closing a month looks at."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import psycopg

from loader import building
from loader.project import Project

PROJECT = Project(Path(__file__).parents[2])
MARTS = """
    create schema marts;
    create table marts.rpt_costs_monthly (
        billing_period date, team text, source_name text, currency text,
        effective_cost numeric(38, 12)
    );
    create table marts.rpt_chargeback_monthly (
        billing_period date, team text, source_name text, charge_class text, corrects_period date,
        currency text, effective_cost numeric(38, 12), amount numeric(38, 2), is_closed boolean
    );
    create table marts.rpt_source_completeness (
        export_name text, account_key text, usage_date date, hours_missing bigint,
        hours_late bigint, hours_not_due bigint, as_of_at timestamptz
    );
    create table loader.builds (
        build_id bigint generated always as identity, fingerprint text,
        started_at timestamptz default clock_timestamp()
    )
"""


class Marts:
    """What the last build left, for a test to fill."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    def add_line(
        self,
        month: str,
        team: str = "risk",
        cost: str = "1.005",
        amount: str = "1.01",
        corrects: str | None = None,
    ) -> None:
        """Add a line to an open statement, and its cost to the month it belongs to."""
        kind = "Correction" if corrects else None
        self.connection.execute(
            "insert into marts.rpt_chargeback_monthly"
            " values (%s, %s, 'tecton', %s, %s, 'USD', %s, %s, false)",
            [month, team, kind, corrects, cost, amount],
        )
        self.add_cost(corrects or month, team, cost)

    def add_cost(self, month: str, team: str, cost: str) -> None:
        self.connection.execute(
            "insert into marts.rpt_costs_monthly values (%s, %s, 'tecton', 'USD', %s)",
            [month, team, Decimal(cost)],
        )

    def see(self, day: str, status: str = "not_due", as_of: str = "2026-12-09") -> None:
        """Say that an hour of the day is missing, late, not due or, by any other word, there."""
        hours = [int(status == name) for name in ("missing", "late", "not_due")]
        at = datetime.fromisoformat(as_of).replace(tzinfo=UTC)
        self.connection.execute(
            "insert into marts.rpt_source_completeness values"
            " ('tecton.billable_usage_v2', 'acme', %s, %s, %s, %s, %s)",
            [date.fromisoformat(day), *hours, at],
        )

    def build(self) -> None:
        """Say that the marts are of what is loaded and closed now."""
        self.connection.execute(
            "update marts.rpt_chargeback_monthly set is_closed = billing_period in"
            " (select billing_period from loader.closed_months where reopened_at is null)"
        )
        self.connection.execute(
            "insert into loader.builds (fingerprint) values (%s)",
            [building.fingerprint(self.connection, PROJECT)],
        )
