"""What the marts say of a case beside what they say of its clean load."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import psycopg
from cases import Case

USAGE = "marts.fct_usage_hourly"
CHARGES = "marts.fct_charges"
# What two deliveries of one content must agree on. Identity, load and line are another matter.
COMPARED = {
    USAGE: (
        *("meter_id", "resource_key", "resource_name", "owner_key", "usage_start_at"),
        *("usage_end_at", "occurred_at", "quantity", "unit", "tags"),
    ),
    CHARGES: (
        *("meter_id", "resource_key", "resource_name", "charge_start_at", "charge_end_at"),
        *("quantity", "unit", "pricing_quantity", "list_cost", "contracted_cost"),
        *("effective_cost", "billed_cost", "currency", "price_id", "is_priced"),
    ),
}
# What must not depend on how often, and from what state, was built: all that keeps its rows.
BUILT = (
    USAGE,
    CHARGES,
    "marts.rpt_usage_daily",
    "marts.rpt_load_balance",
    "marts.rpt_restatements",
    "intermediate.int_allocation__owned",
    "marts.focus_cost_and_usage",
)
_SHOWN = 6


@dataclass(frozen=True)
class Difference:
    """A record that a case has more or less often than its clean load has it."""

    mart: str
    meter_id: str
    resource_key: str | None
    start: str
    quantity: str
    expected: int
    actual: int

    def __str__(self) -> str:
        return (
            f"{self.mart}: {self.start} {self.meter_id} {self.resource_key or '-'}"
            f" quantity {self.quantity}: {self.actual} times instead of {self.expected}"
        )


def name_sides(connection: psycopg.Connection, cases: Sequence[Case]) -> None:
    """Make a table of this session that says which account is which side of which case."""
    connection.execute(
        "create temporary table sides (case_number int, is_clean boolean, account_key text)"
    )
    sides = [
        (case.number, is_clean, case.account(is_clean=is_clean))
        for case in cases
        for is_clean in (False, True)
    ]
    with connection.cursor() as cursor:
        cursor.executemany("insert into sides values (%s, %s, %s)", sides)
    connection.execute("analyze sides")


def differences(connection: psycopg.Connection) -> dict[int, list[Difference]]:
    """Return, by case, every record the two sides do not have equally often."""
    found: dict[int, list[Difference]] = {}
    for mart, columns in COMPARED.items():
        start = next(column for column in columns if column.endswith("_start_at"))
        rows = connection.execute(
            f"""
            select
                case_number, meter_id, resource_key,
                to_char({start} at time zone 'UTC', 'YYYY-MM-DD HH24:MI'),
                quantity::text,
                count(*) filter (where is_clean) as expected,
                count(*) filter (where not is_clean) as actual
            from {mart}
            inner join sides using (account_key)
            group by case_number, {", ".join(columns)}
            having count(*) filter (where is_clean) <> count(*) filter (where not is_clean)
            order by case_number, {start}, meter_id, resource_key, quantity
            """
        ).fetchall()
        for case_number, *values in rows:
            found.setdefault(case_number, []).append(Difference(mart, *values))
    return found


def clean_totals(connection: psycopg.Connection) -> dict[int, tuple[int, Fraction]]:
    """Return the records, and the sum of their quantities, of the clean load of each case."""
    rows = connection.execute(
        f"select case_number, count(*), sum(quantity) from {USAGE}"
        " inner join sides using (account_key) where is_clean group by case_number"
    ).fetchall()
    return {number: (count, Fraction(total)) for number, count, total in rows}


def counted_too_often(connection: psycopg.Connection) -> set[int]:
    """Return the cases of which an hour of a meter has more than its clean load has."""
    rows = connection.execute(
        f"""
        select distinct case_number
        from (
            select
                case_number, meter_id, usage_start_at,
                sum(case when is_clean then quantity else -quantity end) as missing
            from {USAGE}
            inner join sides using (account_key)
            group by case_number, meter_id, usage_start_at
        ) as hours
        where missing < 0
        """
    )
    return {number for (number,) in rows}


def repeated_ids(connection: psycopg.Connection) -> dict[str, int]:
    """Return how many records of the marts have the id of another one."""
    found = {}
    for mart, key in ((USAGE, "usage_id"), (CHARGES, "charge_id")):
        row = connection.execute(f"select count(*) - count(distinct {key}) from {mart}").fetchone()
        assert row is not None
        found[mart] = row[0]
    return found


def digests(connection: psycopg.Connection) -> dict[str, tuple[int, str]]:
    """Return row count and md5 over all columns of all rows of the marts, in one order."""
    found = {}
    for mart in BUILT:
        row = connection.execute(
            "select count(*), md5(string_agg(line, e'\n' order by line))"
            f" from (select md5(rows::text) as line from {mart} as rows) as lines"
        ).fetchone()
        assert row is not None
        found[mart] = row
    return found


def report(case: Case, found: Sequence[Difference]) -> str:
    """Return what to read when a case fails: how it was delivered, and what differs."""
    lines = [str(case), *(f"  {difference}" for difference in found[:_SHOWN])]
    if len(found) > _SHOWN:
        lines.append(f"  and {len(found) - _SHOWN} more")
    return "\n".join(lines)
