"""What the report reads: all of the marts' cost, of one moment, without writing anything."""

from datetime import date
from decimal import Decimal

import psycopg
import pytest

from loader.errors import DatabaseError, UsageError
from loader.report.cents import exact_sum, to_cents
from loader.report.cost_table import cost_table
from loader.report.data import read_report_data, snapshot, summary_table
from loader.report.records import CostSummary

MARTS = (
    "select currency, sum(effective_cost) from marts.fct_allocated_costs_daily group by currency"
)


@pytest.mark.usefixtures("built")
def test_costs_are_all_the_cost_there_is() -> None:
    with psycopg.connect() as connection:
        exact = dict(connection.execute(MARTS).fetchall())
        connection.rollback()
        data = read_report_data(connection)
    assert exact == {
        currency: exact_sum(row.effective_cost for row in data.costs if row.currency == currency)
        for currency in {row.currency for row in data.costs}
    }


@pytest.mark.usefixtures("built")
def test_unallocated_resources_are_what_the_unallocated_team_costs() -> None:
    with psycopg.connect() as connection:
        data = read_report_data(connection)
    assert data.unallocated
    assert exact_sum(row.effective_cost for row in data.unallocated) == exact_sum(
        cost.effective_cost for cost in data.costs if cost.team == "unallocated"
    )


@pytest.mark.usefixtures("built")
def test_every_loaded_row_of_the_ledger_is_counted() -> None:
    ledger = "select sum(rows_loaded), count(*) from loader.loads where status = 'loaded'"
    with psycopg.connect() as connection:
        expected = connection.execute(ledger).fetchone()
        connection.rollback()
        loads = read_report_data(connection).loads
    assert (sum(load.rows_loaded for load in loads), sum(load.files for load in loads)) == expected
    assert [load.export for load in loads] == sorted(load.export for load in loads)


@pytest.mark.usefixtures("built")
def test_reading_is_one_snapshot_that_cannot_write() -> None:
    with psycopg.connect() as connection:
        with snapshot(connection):
            settings = [
                connection.execute(f"show {name}").fetchone()
                for name in ("transaction_isolation", "transaction_read_only")
            ]
        assert settings == [("repeatable read",), ("on",)]
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


@pytest.mark.usefixtures("built")
def test_rows_are_read_whatever_the_connection_makes_of_rows() -> None:
    with psycopg.connect() as plain, psycopg.connect(row_factory=psycopg.rows.dict_row) as dicts:
        assert read_report_data(dicts) == read_report_data(plain)


@pytest.mark.usefixtures("built")
def test_missing_marts_are_named_with_what_to_do() -> None:
    with (
        psycopg.connect(dbname="postgres") as connection,
        pytest.raises(UsageError, match=r"no marts\.rpt_costs_daily and 16 more") as error,
    ):
        read_report_data(connection)
    assert error.value.hints == ("run make build first",)


@pytest.mark.usefixtures("built")
def test_a_lost_connection_is_a_database_error() -> None:
    connection = psycopg.connect()
    connection.close()
    with pytest.raises(DatabaseError, match="the marts cannot be read") as error:
        read_report_data(connection)
    assert error.value.exit_code == 3


@pytest.mark.usefixtures("built")
def test_the_summary_adds_up_to_the_latest_month() -> None:
    latest = """
        select billing_period, currency, sum(effective_cost)
        from marts.rpt_costs_monthly
        where billing_period = (select max(billing_period) from marts.rpt_costs_monthly)
        group by billing_period, currency
        order by currency
    """
    with psycopg.connect() as connection:
        expected = connection.execute(latest).fetchall()
        connection.rollback()
        summaries = summary_table(connection)
    assert [(summary.month, summary.currency, summary.table.total) for summary in summaries] == [
        (month, currency, to_cents(cost)) for month, currency, cost in expected
    ]
    for summary in summaries:
        assert sum(summary.table.cells.values()) == summary.table.total
        assert sum(summary.table.columns.values()) == summary.table.total


def test_a_summary_is_a_table_with_currency_and_totals() -> None:
    costs = [
        ("risk", "tecton", Decimal("1234.005")),
        ("risk", "spacelift", Decimal("0.005")),
        ("unallocated", "tecton", Decimal("9999.99")),
    ]
    summary = CostSummary(date(2026, 10, 1), "USD", cost_table(costs))
    assert str(summary) == (
        "2026-10 USD     tecton  spacelift      total\n"
        "-----------  ---------  ---------  ---------\n"
        "risk          1,234.00       0.01   1,234.01\n"
        "unallocated   9,999.99          -   9,999.99\n"
        "-----------  ---------  ---------  ---------\n"
        "total        11,233.99       0.01  11,234.00"
    )
