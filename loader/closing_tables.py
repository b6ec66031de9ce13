"""The tables `loader.closed_months` and `loader.closed_statements`, and what their columns mean.

Rows are only ever added; reopening a month sets when and why. dbt reads both as sources, so they
are there, empty, before anybody closed a month.
"""

from datetime import UTC, datetime

from psycopg import Connection, sql

from loader import relations

_TABLES = {
    "closed_months": """
        create table loader.closed_months (
            closing_id bigint generated always as identity primary key,
            billing_period date not null check (extract(day from billing_period) = 1),
            lines bigint not null check (lines > 0),
            sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
            build_fingerprint text not null,
            forced_because text,
            loader_version text not null,
            closed_at timestamptz not null default clock_timestamp(),
            reopened_at timestamptz,
            reopened_because text,
            constraint closed_months_reopened check (
                reopened_because is null or reopened_at is not null
            )
        );
        create unique index closed_months_once on loader.closed_months (billing_period)
        where reopened_at is null
    """,
    "closed_statements": """
        create table loader.closed_statements (
            closing_id bigint not null references loader.closed_months (closing_id),
            line_number bigint not null check (line_number > 0),
            team text not null,
            source_name text not null,
            charge_class text check (charge_class = 'Correction'),
            corrects_period date,
            currency text not null,
            effective_cost numeric(38, 12) not null,
            amount numeric(38, 2) not null,
            primary key (closing_id, line_number),
            constraint closed_statements_corrections check (
                (charge_class is null) = (corrects_period is null)
            )
        )
    """,
}
_COMMENTS = {
    "closed_months": {
        "": "Months that were closed, one row for each time, reopened ones included.",
        "closing_id": "Number of the closing.",
        "billing_period": "First day of the month.",
        "lines": "Number of lines of the statement.",
        "sha256": "SHA-256 of the statement's lines as CSV, in their order, joined by newlines.",
        "build_fingerprint": "Digest of the loads, models and seeds the statement was made from.",
        "forced_because": "Why it was closed although usage was missing; null if not forced.",
        "loader_version": "Version of the loader.",
        "closed_at": "When the month was closed.",
        "reopened_at": "When the closing was undone; null while it holds.",
        "reopened_because": "Why it was undone.",
    },
    "closed_statements": {
        "": "The frozen lines of closed months, as they stood in marts.rpt_chargeback_monthly.",
        "closing_id": "Closing the line belongs to: loader.closed_months.closing_id.",
        "line_number": "Place of the line in its statement, counted from 1.",
        "team": "Team that owns the cost, or unallocated.",
        "source_name": "Vendor.",
        "charge_class": "Correction, or null for the month's own cost.",
        "corrects_period": "First day of the closed month a correction belongs to.",
        "currency": "ISO 4217 code of both amounts.",
        "effective_cost": "Exact effective cost.",
        "amount": "The cost in cents, as shown.",
    },
}


def create(connection: Connection) -> None:
    """Create the tables unless they exist; the caller holds the lock that makes this safe."""
    if exists(connection):
        return
    for table, definition in _TABLES.items():
        connection.execute(definition)
        for column, text in _COMMENTS[table].items():
            kind = "column" if column else "table"
            name = sql.Identifier("loader", table, *([column] if column else []))
            statement = sql.SQL("comment on {} {} is {}")
            connection.execute(statement.format(sql.SQL(kind), name, sql.Literal(text)))


def exists(connection: Connection) -> bool:
    """Say whether the tables are there."""
    return relations.exists(connection, "loader.closed_statements")


def in_force(connection: Connection, at: datetime | None = None) -> list[int]:
    """Return the closings that hold, now or at an instant: marts depend on them as on loads."""
    if not exists(connection):
        return []
    rows = connection.execute(
        "select closing_id from loader.closed_months where closed_at <= %(at)s"
        " and (reopened_at is null or reopened_at > %(at)s) order by closing_id",
        {"at": at or datetime.max.replace(tzinfo=UTC)},
    )
    return [closing_id for (closing_id,) in rows]
