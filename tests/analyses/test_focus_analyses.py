"""The saved FOCUS questions, answered on the samples and on months with what the samples lack."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sample_totals
from psycopg.rows import dict_row

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "analyses" / "focus"
EXPECTED = tomllib.loads(Path(__file__).with_name("expected.toml").read_text(encoding="utf-8"))
# What the samples hold nothing of, or what is worked out without SQL, is tested by name below.
TESTED_BY_NAME = {
    *("corrections_by_sub_account", "credits", "daily_anomalies"),
    *("targets_of_virtual_currency", "usage_by_month", "virtual_currency_consumed"),
}
Rows = list[dict[str, Any]]
OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)


@pytest.fixture
def marts(built: object) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    assert built is not None
    with psycopg.connect("", autocommit=True, row_factory=dict_row) as connection:
        connection.execute("set time zone 'UTC'")
        yield connection


def ask(marts: psycopg.Connection[dict[str, Any]], name: str, *, only: str = "true") -> Rows:
    """Return the answer of an analysis on the mart, or on the table changed for the test."""
    text = (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    (focus,) = set(re.findall(r"\{\{ ref\('(\w+)'\) \}\}", text))
    changed = marts.execute("select to_regclass('pg_temp.changed') as found").fetchone()
    relation = "pg_temp.changed" if changed and changed["found"] else f"marts.{focus}"
    statement = re.sub(r"\{\{ ref\('\w+'\) \}\}", relation, text)
    return marts.execute(
        f"select * from ({statement}) as answer where {only}".encode(), []
    ).fetchall()


def change(marts: psycopg.Connection[dict[str, Any]], *statements: str) -> None:
    marts.execute("create temporary table changed as table marts.focus_cost_and_usage")
    for statement in statements:
        assert marts.execute(statement.encode()).rowcount > 0


def summed(rows: Rows, columns: list[str]) -> dict[frozenset[tuple[str, Any]], dict[str, Decimal]]:
    """Amounts by everything else that is named; one row for each, so that nothing hides."""
    totals: dict[frozenset[tuple[str, Any]], dict[str, Decimal]] = {}
    for row in rows:
        named = {name: row[name] for name in columns}
        amounts = {name: value for name, value in named.items() if isinstance(value, Decimal)}
        key = frozenset((name, value) for name, value in named.items() if name not in amounts)
        known = totals.setdefault(key, dict.fromkeys(amounts, Decimal(0)))
        for name, value in amounts.items():
            known[name] += value
    return totals


def test_every_analysis_has_a_test_and_a_question() -> None:
    names = {path.stem for path in FOLDER.glob("*.sql")}
    assert names == EXPECTED.keys() | TESTED_BY_NAME
    assert len(names) >= 20
    for path in FOLDER.glob("*.sql"):
        assert re.match(r"-- .+\?", path.read_text(encoding="utf-8")), path.name


@pytest.mark.parametrize("name", EXPECTED)
def test_answers_are_those_of_the_other_marts(
    marts: psycopg.Connection[dict[str, Any]], name: str
) -> None:
    expected = marts.execute(EXPECTED[name]["sql"].encode()).fetchall()
    assert expected
    columns = list(expected[0])
    answer = ask(marts, name, only=EXPECTED[name].get("only", "true"))
    assert summed(answer, columns) == summed(expected, columns)


def test_quantities_are_those_of_the_exports(marts: psycopg.Connection[dict[str, Any]]) -> None:
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for usage in sample_totals.usage_records():
        if sample_totals.cost_of(usage) is not None:
            sku = usage.meter_key if usage.source == "databricks" else usage.meter_id
            expected[sku] += usage.quantity.quantize(Decimal("1e-12"), rounding=ROUND_HALF_UP)
    # Days of a fixed charge are in no export.
    answer = ask(marts, "usage_by_month", only="\"ConsumedUnit\" != 'Days'")
    assert {row["SkuId"]: row["ConsumedQuantity"] for row in answer} == expected


def test_a_month_is_compared_with_the_one_before(
    marts: psycopg.Connection[dict[str, Any]],
) -> None:
    change(
        marts,
        "insert into changed select * from marts.focus_cost_and_usage",
        "update changed set \"BillingPeriodStart\" = '2026-11-01',"
        ' "EffectiveCost" = "EffectiveCost" * 3'
        ' where ctid in (select max(ctid) from changed group by "x_ChargeId", "ChargeCategory")',
    )
    answer = ask(marts, "service_cost_by_month")
    october = {row["ServiceName"]: row for row in answer if row["BillingPeriodStart"] == OCTOBER}
    november = {row["ServiceName"]: row for row in answer if row["BillingPeriodStart"] != OCTOBER}
    assert october.keys() == november.keys()
    for service, row in november.items():
        assert october[service]["cost_change"] is None
        assert row["cost_change"] == 2 * october[service]["EffectiveCost"]


def test_corrections_are_found_and_kept_out_of_savings(
    marts: psycopg.Connection[dict[str, Any]],
) -> None:
    assert ask(marts, "corrections_by_sub_account") == []
    before = ask(marts, "effective_savings_rate", only="\"ServiceName\" = 'InfraSage Ingestion'")
    change(
        marts,
        'update changed set "ChargeClass" = \'Correction\', "BilledCost" = -5'
        ' where "x_ChargeId" = (select min("x_ChargeId"::text)::uuid from changed'
        " where \"SubAccountId\" = 'acme-search')",
    )
    (found,) = ask(marts, "corrections_by_sub_account")
    assert (found["ProviderName"], found["SubAccountId"]) == ("InfraSage", "acme-search")
    assert (found["corrections"], found["BilledCost"]) == (1, Decimal(-5))
    after = ask(marts, "effective_savings_rate", only="\"ServiceName\" = 'InfraSage Ingestion'")
    assert after[0]["ListCost"] < before[0]["ListCost"]


def test_credits_reduce_what_is_billed(marts: psycopg.Connection[dict[str, Any]]) -> None:
    held = summed(ask(marts, "credits"), ["InvoiceIssuerName", "BilledCost"])
    change(
        marts,
        'update changed set "ChargeCategory" = \'Credit\', "BilledCost" = -12.5,'
        " \"ChargeDescription\" = 'Outage of the 3rd', \"InvoiceId\" = 'INV-7'"
        ' where "x_ChargeId" = (select min("x_ChargeId"::text)::uuid from changed'
        " where \"x_SourceName\" = 'databricks')",
    )
    answer = ask(marts, "credits", only="\"InvoiceId\" = 'INV-7'")
    assert [(row["ChargeDescription"], row["BilledCost"]) for row in answer] == [
        ("Outage of the 3rd", Decimal("-12.5"))
    ]
    assert len(ask(marts, "credits")) == len(held) + 1


def test_virtual_currency_is_counted_in_its_own_unit(
    marts: psycopg.Connection[dict[str, Any]],
) -> None:
    change(
        marts,
        "update changed set \"PricingCurrency\" = 'TCR',"
        ' "PricingCurrencyEffectiveCost" = "EffectiveCost" * 4'
        " where \"x_SourceName\" = 'tecton' and \"ChargeCategory\" = 'Usage'",
    )
    by_service = {
        row["service_name"]: row["cost"]
        for row in marts.execute(
            "select service_name, sum(effective_cost) as cost from marts.fct_charges"
            " where source_name = 'tecton' and is_priced group by service_name"
        )
    }
    total = sum(by_service.values(), Decimal(0))
    consumed = ask(marts, "virtual_currency_consumed", only="\"PricingCurrency\" = 'TCR'")
    assert [(row["PricingCurrencyEffectiveCost"], row["EffectiveCost"]) for row in consumed] == [
        (4 * total, total)
    ]
    targets = ask(marts, "targets_of_virtual_currency", only="\"PricingCurrency\" = 'TCR'")
    amounts = [row["PricingCurrencyEffectiveCost"] for row in targets]
    assert 0 < len(targets) <= 10
    assert amounts == sorted(amounts, reverse=True)
    assert max(amounts) <= 4 * max(by_service.values())


def test_days_dearer_than_the_week_before_are_found(
    marts: psycopg.Connection[dict[str, Any]],
) -> None:
    costs: dict[tuple[str, str], dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in marts.execute(
        "select account_key, service_name, charge_date, effective_cost from marts.fct_charges"
        " where source_name = 'databricks' and is_priced"
    ):
        series = costs[row["account_key"], row["service_name"]]
        series[row["charge_date"]] += row["effective_cost"]
    expected = set()
    for (account, service), series in costs.items():
        for day, cost in series.items():
            week = sum(series.get(day - timedelta(back), Decimal(0)) for back in range(1, 8))
            is_judged = day >= min(series) + timedelta(7)
            if is_judged and cost >= 1 and cost * 14 >= week * 3:
                expected.add((day, account, service, cost))
    answer = ask(marts, "daily_anomalies", only="\"ProviderName\" = 'Databricks'")
    assert expected
    assert {
        (row["charge_day"].date(), row["SubAccountId"], row["ServiceName"], row["EffectiveCost"])
        for row in answer
    } == expected


def test_a_spike_is_found(marts: psycopg.Connection[dict[str, Any]]) -> None:
    quiet = ask(marts, "daily_anomalies", only="\"ServiceName\" = 'InfraSage Ingestion'")
    day = datetime(2026, 10, 20, tzinfo=UTC)
    assert day not in {row["charge_day"] for row in quiet if row["SubAccountId"] == "acme-prod"}
    change(
        marts,
        'update changed set "EffectiveCost" = "EffectiveCost" * 5'
        " where \"SubAccountId\" = 'acme-prod'"
        " and date_trunc('day', \"ChargePeriodStart\", 'UTC') = '2026-10-20'",
    )
    found = ask(marts, "daily_anomalies", only="\"SubAccountId\" = 'acme-prod'")
    assert day in {row["charge_day"] for row in found}
