"""Counts what is there after a fault: rows lost, doubled, altered or phantom, and what is stuck."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import psycopg
from databases import connect_to
from loaders import PATIENCE_SECONDS, Ended, UsageFile, load


@dataclass
class Audit:
    """Rows and sessions that should not be as they are; all zero is right, but for `debris`.

    Rows count as held when the ledger has their load as loaded: marts read no others. `debris` are
    rows of no such load.
    """

    lost: int = 0
    duplicated: int = 0
    phantom: int = 0
    altered: int = 0
    partly_visible: int = 0
    acknowledged_and_lost: int = 0
    miscounted_loads: int = 0
    still_loading: int = 0
    locks_left: int = 0
    sessions_left: int = 0
    debris: int = 0

    def is_clean(self) -> bool:
        return all(getattr(self, part.name) == 0 for part in fields(self) if part.name != "debris")

    def __str__(self) -> str:
        return ", ".join(
            f"{part.name.replace('_', ' ')} {getattr(self, part.name):,}" for part in fields(self)
        )


_HELD = """
with files (tag, rows) as (select * from unnest(%s::text[], %s::bigint[])),
wanted as (select tag, generate_series(0, rows - 1) as serial from files),
held as (
    select
        split_part(usage.cluster_name, ' ', 1) as tag,
        split_part(usage.cluster_name, ' ', 2)::bigint as serial,
        count(*) as copies,
        count(*) filter (
            where usage._row_number <> split_part(usage.cluster_name, ' ', 2)::bigint + 2
            or usage.dbus <> split_part(usage.cluster_name, ' ', 2) || '.0233995555555556'
        ) as altered
    from raw_databricks.billable_usage as usage
    inner join loader.loads on usage._load_id = loads.load_id and loads.status = 'loaded'
    group by 1, 2
)
select
    tag, count(*) filter (where held.copies is null), coalesce(sum(copies - 1), 0),
    count(*) filter (where wanted.serial is null), coalesce(sum(altered), 0)
from wanted full join held using (tag, serial) group by tag
"""
_LOADS = """
select
    count(*) filter (where status = 'loading'),
    count(*) filter (where status = 'loaded' and rows_loaded <> (
        select count(*) from raw_databricks.billable_usage where _load_id = load_id
    ))
from loader.loads
"""
_DEBRIS = """
select count(*) from raw_databricks.billable_usage
where _load_id not in (select load_id from loader.loads where status = 'loaded')
"""
_LOCKS = """
select count(*) from pg_locks
where locktype = 'advisory'
and database = (select oid from pg_database where datname = current_database())
"""
SESSIONS = """
from pg_stat_activity where datname = current_database() and application_name like 'loader%'
"""


def connect_patiently(environment: dict[str, str]) -> psycopg.Connection:
    """Connect to a server that may be recovering."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return connect_to(environment)
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def number(connection: psycopg.Connection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def look(
    environment: dict[str, str], files: Sequence[UsageFile], acknowledged: Sequence[str] = ()
) -> Audit:
    """Count the held rows of `files`, of which those with the tags `acknowledged` must be there."""
    audit = Audit()
    rows = {file.tag: file.rows for file in files}
    with connect_patiently(environment) as connection:
        try:
            counts = connection.execute(_HELD, [list(rows), list(rows.values())]).fetchall()
            audit.still_loading, audit.miscounted_loads = connection.execute(_LOADS).fetchall()[0]
            audit.debris = number(connection, _DEBRIS)
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
            counts = [(tag, rows[tag], 0, 0, 0) for tag in rows]
    for tag, lost, duplicated, phantom, altered in counts:
        audit.lost += lost
        audit.duplicated += duplicated
        audit.phantom += phantom
        audit.altered += altered
        audit.partly_visible += 0 < lost < rows.get(tag, 0)
        audit.acknowledged_and_lost += lost if tag in acknowledged else 0
    return audit


def look_for_sessions(environment: dict[str, str], audit: Audit) -> None:
    """Count the loaders' sessions and locks, once those of ended processes had time to end."""
    deadline = time.monotonic() + 10
    with connect_patiently(environment) as connection:
        while True:
            audit.locks_left = number(connection, _LOCKS)
            audit.sessions_left = number(connection, f"select count(*) {SESSIONS}")
            if not audit.locks_left + audit.sessions_left or time.monotonic() > deadline:
                return
            time.sleep(0.02)


@dataclass
class Tally:
    """What the whole run saw, for its last lines."""

    faults: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    rows: int = 0
    held_at_once: int = 0
    total: Audit = field(default_factory=Audit)

    def add(self, *audits: Audit) -> None:
        for audit in audits:
            for part in fields(Audit):
                value = getattr(self.total, part.name) + getattr(audit, part.name)
                setattr(self.total, part.name, value)

    def lines(self, asked: str) -> list[str]:
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.faults.items()))
        reached = f"{self.missed} ended before their point, {self.held_at_once} loaded all the same"
        return [
            f"faults: {asked}; {kinds}; {reached}",
            f"faults: {self.rows:,} rows wanted; {self.total}",
        ]


TALLY = Tally()


def settle(
    environment: dict[str, str], files: Sequence[UsageFile], runs: Sequence[Ended], fault: str
) -> Audit:
    """Look after a fault, load the files again, and count: the end of every trial.

    Returns what the second look saw. Fails unless everything is as if nothing had happened.
    """
    tags = [f.tag for f in files if any(run.acknowledges(f) for run in runs)]
    first = look(environment, files, tags)
    again = load(environment, *(file.path for file in files))
    assert again.code == 0, again.out + again.err
    assert all(again.acknowledges(file) for file in files), again.out
    last = look(environment, files, [file.tag for file in files])
    look_for_sessions(environment, last)
    TALLY.faults[fault] += 1
    TALLY.rows += sum(file.rows for file in files)
    TALLY.held_at_once += not first.lost
    # Between the two, rows may be missing and a load under way; nothing else.
    first.lost = first.still_loading = first.debris = 0
    TALLY.add(first, last)
    assert first.is_clean(), f"after the fault: {first}"
    assert last.is_clean(), f"after the next load: {last}"
    return last
