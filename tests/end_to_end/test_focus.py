"""The FOCUS mart of the sample month: its columns, its rows as files, SQL as FOCUS writes it."""

import csv
import re
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from pyarrow import parquet

from loader.focus import export_focus
from loader.progress import row_progress

ROOT = Path(__file__).parents[2]
# Columns of our own, and what FOCUS 1.2 has of its own.
FOCUS_COLUMNS = 57


@pytest.fixture
def connection(built: object) -> Iterator[psycopg.Connection[Any]]:
    assert built is not None
    with psycopg.connect("", autocommit=True, row_factory=dict_row) as opened:
        yield opened


def test_columns_are_focus_in_order_then_ours_each_with_a_comment(
    connection: psycopg.Connection[Any],
) -> None:
    columns = connection.execute(
        "select attname as name, col_description(attrelid, attnum) as comment from pg_attribute"
        " where attrelid = 'marts.focus_cost_and_usage'::regclass and attnum > 0 order by attnum"
    ).fetchall()
    names = [column["name"] for column in columns]
    focus, ours = names[:FOCUS_COLUMNS], names[FOCUS_COLUMNS:]
    assert focus == sorted(focus)
    assert ours == sorted(ours)
    assert not [name for name in focus if not re.fullmatch(r"[A-Z][A-Za-z]+", name)]
    assert not [name for name in ours if not re.fullmatch(r"x_[A-Z][A-Za-z]+", name)]
    assert not [column["name"] for column in columns if not column["comment"]]


def test_sql_without_quotes_gives_the_charges_totals(connection: psycopg.Connection[Any]) -> None:
    focus = connection.execute(
        "SELECT ProviderName, SUM(EffectiveCost) AS Cost, SUM(BilledCost) AS Billed"
        " FROM marts.focus_cost_and_usage_lower"
        " WHERE BillingPeriodStart >= '2026-10-01' GROUP BY ProviderName ORDER BY ProviderName"
    ).fetchall()
    charges = connection.execute(
        "select source_name, sum(effective_cost) as cost, sum(billed_cost) as billed"
        " from marts.fct_charges where is_priced group by source_name order by source_name"
    ).fetchall()
    assert [row["providername"].lower() for row in focus] == [row["source_name"] for row in charges]
    for figure in ("cost", "billed"):
        assert [row[figure] for row in focus] == [row[figure] for row in charges]


def test_unpriced_usage_is_not_in_it_at_zero(connection: psycopg.Connection[Any]) -> None:
    unpriced, free = (
        connection.execute(
            """
        select
            (select count(*) from marts.fct_charges where not is_priced) as unpriced,
            (
                select count(*) from marts.focus_cost_and_usage as focus_rows
                inner join marts.fct_charges as charges
                    on focus_rows."x_ChargeId" = charges.charge_id
                where not charges.is_priced
            ) as free
        """
        )
        .fetchone()
        .values()
    )  # type: ignore[union-attr]  # a count is always one row
    assert unpriced > 0
    assert free == 0


def test_csv_and_parquet_hold_the_same_rows(
    connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    summaries = [
        export_focus(connection, tmp_path / f"x.{ending}", None, row_progress)
        for ending in ("csv", "parquet")
    ]
    assert summaries[0].rows == summaries[1].rows > 10_000
    assert summaries[0].totals == summaries[1].totals
    table = parquet.read_table(tmp_path / "x.parquet")
    with (tmp_path / "x.csv").open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, strict=True))
    key = ("x_ChargeId", "ChargeCategory")
    written = sorted(rows, key=lambda row: [row[name] for name in key])
    typed = sorted(table.to_pylist(), key=lambda row: [row[name] for name in key])
    for name in ("EffectiveCost", "ListUnitPrice", "ConsumedQuantity"):
        assert [Decimal(row[name]) if row[name] else None for row in written] == [
            row[name] for row in typed
        ]
    assert [row["Tags"] or None for row in written] == [row["Tags"] for row in typed]


def test_without_python_3_12_make_focus_says_so(tmp_path: Path) -> None:
    stamp = tmp_path / "ready"
    done = subprocess.run(
        ["make", f"FOCUS_READY={stamp}", "FOCUS_PYTHON=", str(stamp)],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode
    assert "needs Python 3.12, and none was found" in done.stdout
    assert not stamp.exists()
