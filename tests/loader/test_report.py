"""The report as a file: figures that add up, text that cannot bite, nothing that is fetched."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import psycopg
import pytest

import loader.report
from loader.errors import UsageError
from loader.report import write_report
from loader.report.cents import to_cents
from loader.report.page import NONE, page_html
from loader.report.records import Budget, BudgetAlert, Cost, ReportData, Team
from loader.report.records import UnallocatedCost as Ownerless
from loader.report.records import UnpricedUsage as Unpriced
from loader.report.trust import LastPage, LoadedExport
from loader.report.view import page_view

ASSETS = Path(loader.report.__file__).parent / "assets"
HOSTILE = "</script><script>window.bitten = true</script><img src=x onerror=bite()>\"'&"
OCTOBER = date(2026, 10, 1)


def cost(
    day: str, team: str, amount: str, *, source: str = "tecton", currency: str = "USD"
) -> Cost:
    service = f"{source.title()} Serving"
    return Cost(date.fromisoformat(day), team, source, service, currency, Decimal(amount), "acct")


def data_of(*costs: Cost) -> ReportData:
    return ReportData(costs=costs)


def html_of(data: ReportData) -> str:
    return page_html(page_view(data))


class Tables(HTMLParser):
    """The cells of every table, row by row, in the order of the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.open = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        del attrs
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.open = True

    def handle_endtag(self, tag: str) -> None:
        self.open = self.open and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.open:
            self.tables[-1][-1][-1] += data


def tables_by_head(html: str, head: str) -> list[list[list[str]]]:
    return [table for table in Tables(html).tables if table[0][0] == head]


def cents(shown: str) -> int:
    return 0 if shown == NONE else int(re.sub("[,.]", "", shown))


def assert_adds_up(table: list[list[str]], total: int) -> None:
    body = [[cents(cell) for cell in row[1:]] for row in table[1:]]
    *rows, foot = body
    assert foot[-1] == total
    assert [sum(row[:-1]) for row in rows] == [row[-1] for row in rows]
    assert [sum(column) for column in zip(*rows, strict=True)] == foot


@pytest.fixture
def page(built: None, tmp_path: Path) -> Path:
    del built
    out = tmp_path / "report.html"
    with psycopg.connect() as connection:
        write_report(connection, out)
    return out


def test_the_table_without_script_adds_up_to_the_mart_to_the_cent(page: Path) -> None:
    by_month = """
        select sum(effective_cost) from marts.rpt_costs_monthly
        group by billing_period, currency order by billing_period desc, currency
    """
    with psycopg.connect() as connection:
        totals = [amount for (amount,) in connection.execute(by_month)]
    assert totals
    crossed = tables_by_head(page.read_text(encoding="utf-8"), "Team")
    for table, total in zip(crossed, totals, strict=False):
        assert_adds_up(table, to_cents(total))


def test_the_embedded_costs_are_the_marts_to_the_last_digit(page: Path) -> None:
    query = """
        select team, source_name, coalesce(service_name, ''), account_key, is_shared::int,
            currency, sum(effective_cost) * 1000000000000
        from marts.fct_allocated_costs_daily
        group by team, source_name, service_name, account_key, is_shared, currency
    """
    with psycopg.connect() as connection:
        exact = {tuple(row[:6]): int(row[6]) for row in connection.execute(query)}
    embedded = {
        (*key, currency): sum(int(amount) for amount in amounts.split() if amount)
        for currency, *key, _, amounts in cube_of(page.read_text(encoding="utf-8"))["costs"]
    }
    assert embedded == exact


def cube_of(html: str) -> dict[str, list[list[str]]]:
    found = re.search(r'<script type="application/json" id="cube">(.*?)</script>', html)
    assert found
    cube: dict[str, list[list[str]]] = json.loads(found[1])
    return cube


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "Pacific/Honolulu"])
def test_the_same_data_gives_the_same_bytes_in_any_time_zone(
    page: Path, tmp_path: Path, zone: str
) -> None:
    again = tmp_path / "again.html"
    with psycopg.connect(options=f"-c timezone={zone}") as connection:
        summary = write_report(connection, again)
    assert again.read_bytes() == page.read_bytes()
    assert summary.bytes == again.stat().st_size
    assert summary.path == again


def test_the_summary_has_the_months_and_exact_totals(built: None, tmp_path: Path) -> None:
    del built
    query = "select currency, sum(effective_cost) from marts.rpt_costs_monthly group by currency"
    months = "select distinct billing_period from marts.rpt_costs_monthly order by 1 desc"
    with psycopg.connect() as connection:
        summary = write_report(connection, tmp_path / "report.html")
        assert dict(summary.totals) == dict(connection.execute(query).fetchall())
        assert [(month,) for month in summary.months] == connection.execute(months).fetchall()


def test_unpriced_and_unallocated_are_shown_with_what_fixes_them(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    with psycopg.connect() as connection:
        unpriced = connection.execute(
            "select meter_id, unit, suggested_fix from marts.rpt_unpriced_usage"
        ).fetchall()
        fixes = connection.execute(
            "select suggested_fix from marts.rpt_unallocated_costs"
        ).fetchall()
    shown = [" ".join(row) for table in Tables(html).tables for row in table]
    assert unpriced
    for meter_id, unit, fix in unpriced:
        assert any(all(text in row for text in (meter_id, unit, *seed_rows(fix))) for row in shown)
    for (fix,) in fixes:
        assert any(all(text in row for text in seed_rows(fix)) for row in shown)


def seed_rows(fix: str) -> list[str]:
    return [row.partition(": ")[2] for row in fix.split("; ")]


def test_a_page_that_cannot_be_written_says_so_and_leaves_nothing(
    built: None, tmp_path: Path
) -> None:
    del built
    taken = tmp_path / "taken"
    taken.mkdir()
    with psycopg.connect() as connection:
        with pytest.raises(UsageError, match=r"missing/report\.html: the report cannot be written"):
            write_report(connection, tmp_path / "missing" / "report.html")
        with pytest.raises(UsageError, match="taken: the report cannot be written"):
            write_report(connection, taken)
    assert list(tmp_path.iterdir()) == [taken]


def test_names_are_text_and_nothing_else() -> None:
    data = replace(
        data_of(cost("2026-10-01", HOSTILE, "1"), cost("2026-10-01", "b", "1", source=HOSTILE)),
        teams=(Team(HOSTILE, HOSTILE, None),),
        budgets=(
            Budget(HOSTILE, OCTOBER, date(2026, 11, 1), Decimal(9), HOSTILE, HOSTILE, Decimal(1)),
        ),
        unallocated=(
            Ownerless(
                OCTOBER, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, "USD", Decimal(1), HOSTILE
            ),
        ),
        unpriced=(
            Unpriced(OCTOBER, HOSTILE, HOSTILE, Decimal(1), HOSTILE, 1, NOON, NOON, HOSTILE),
        ),
        loads=(LoadedExport(HOSTILE, 1, 1, 0, 0, 0, None),),
    )
    html = html_of(data)
    assert "<script>window.bitten" not in html
    assert "<img" not in own_part(html)
    assert html.count("<script>") == 2
    assert html.count("</script") == 2 + 1


NOON = datetime(2026, 10, 31, 12, tzinfo=UTC)


def test_months_come_newest_first_and_currencies_are_never_added_up() -> None:
    html = html_of(
        data_of(
            cost("2026-09-30", "a", "100"),
            cost("2026-10-01", "a", "20.001"),
            cost("2026-10-02", "a", "3.005", currency="EUR"),
        )
    )
    assert re.findall(r'<option value="(2026-\d\d)">', html) == ["2026-10", "2026-09"]
    tables = tables_by_head(html, "Team")
    assert [(table[0][-1], table[-1][-1]) for table in tables] == [
        ("Total EUR", "3.01"),
        ("Total USD", "20.00"),
        ("Total USD", "100.00"),
    ]


def test_of_what_nobody_owns_the_part_that_rules_share_out_is_told() -> None:
    def ownerless(source: str, amount: str) -> Ownerless:
        rest = ("acct", "Serving", None, None, "USD")
        return Ownerless(OCTOBER, source, *rest, Decimal(amount), "seeds/x.csv: a")

    html = html_of(
        replace(
            data_of(
                cost("2026-10-01", "unallocated", "2.50"),
                cost("2026-10-01", "risk", "7.51"),
                cost("2026-10-01", "unallocated", "3", source="databricks"),
                cost("2026-10-01", "risk", "4", source="spacelift"),
            ),
            unallocated=(
                ownerless("tecton", "10.01"),
                ownerless("databricks", "3"),
                ownerless("spacelift", "4"),
            ),
        )
    )
    (table,) = tables_by_head(html, "Resource")
    assert [row for row in table if row[-1].startswith("of this") or row[-1] == ""] == [
        ["Tecton October 2026", "USD 10.01", "of this, USD 7.51 is shared out by rules"],
        ["Spacelift October 2026", "USD 4.00", "of this, USD 4.00 is shared out by rules"],
        ["Databricks October 2026", "USD 3.00", ""],
    ]


def test_a_page_without_costs_says_what_to_do() -> None:
    html = html_of(ReportData())
    assert "There are no costs yet" in html
    assert "<code>make build</code>" in html
    assert "<script" not in html


def test_a_month_with_only_unpriced_usage_is_shown() -> None:
    unpriced = Unpriced(OCTOBER, "tecton", "tecton:x", Decimal(7), "Writes", 1, NOON, NOON, "f: r")
    html = html_of(ReportData(unpriced=(unpriced,)))
    assert "No usage has a price yet" in html
    assert "tecton:x" in html


def test_a_budget_shows_the_cents_its_teams_show() -> None:
    costs = [cost("2026-10-01", team, "0.335") for team in ("a", "b", "c")]
    data = replace(
        data_of(*costs),
        teams=(Team("all", "All", None), *(Team(team, None, "all") for team in "abc")),
        budgets=(
            Budget(
                "all",
                OCTOBER,
                date(2026, 11, 1),
                Decimal("0.9"),
                "USD",
                "50;x;90",
                Decimal("1.005"),
            ),
            Budget("c", OCTOBER, date(2026, 11, 1), Decimal(0), "USD", None, Decimal("0.335")),
        ),
    )
    view = page_view(data)
    every, one = view.budgets
    assert (every.name, every.spent, every.is_over, every.passed) == ("All", 101, True, 90)
    assert every.spent == view.tables[0].grid.total
    assert (one.spent, one.share, one.passed) == (33, None, None)


def test_a_budget_tells_what_is_expected_and_when_thresholds_were_reached() -> None:
    quarter = (OCTOBER, date(2027, 1, 1))
    data = replace(
        data_of(cost("2026-10-09", "a", "60")),
        budgets=(
            Budget("a", *quarter, Decimal(100), "USD", "50", Decimal(60), Decimal("120.005")),
        ),
        alerts=(
            BudgetAlert("a", OCTOBER, "USD", 50, date(2026, 10, 9)),
            BudgetAlert("b", OCTOBER, "USD", 80, date(2026, 10, 9)),
        ),
    )
    (line,) = page_view(data).budgets
    assert (line.forecast, line.is_over, line.is_expected_over) == (12001, False, True)
    assert line.reached == ((50, date(2026, 10, 9)),)
    assert [month.month for month in line.months] == [10, 11, 12]
    (_, shown) = tables_by_head(html_of(data), "Team")[1]
    assert "1 Oct 2026 to 31 Dec 2026" in shown[0]
    assert shown[2:5] == ["60.0%", "USD 60.00", "USD 100.00"]
    assert shown[6:] == ["USD 120.01 120.0%", "50% on 9 Oct"]


def test_a_budget_is_over_and_past_a_threshold_only_when_it_is() -> None:
    period = (OCTOBER, date(2026, 11, 1))
    data = replace(
        data_of(cost("2026-10-09", "a", "79.96")),
        budgets=(
            Budget("a", *period, Decimal(100), "USD", "80", Decimal("79.96")),
            Budget("b", *period, Decimal(100), "USD", "100", Decimal("100.001")),
            Budget("c", *period, Decimal("0.01"), "USD", "50;100", Decimal("0.005")),
            Budget("d", *period, Decimal("0.01"), "USD", "50;100", Decimal(79)),
        ),
    )
    found = {line.team: line for line in page_view(data).budgets}
    assert {team: (line.passed, line.is_over) for team, line in found.items()} == {
        "a": (None, False),
        "b": (100, True),
        "c": (50, False),
        "d": (100, True),
    }
    rows = {row[0].split()[0]: row[2] for row in tables_by_head(html_of(data), "Team")[1][1:]}
    assert rows == {"a": "79.9%", "b": "100.0%", "c": "50.0%", "d": "790,000.0%"}


@pytest.mark.parametrize(
    ("quantity", "shown"),
    [
        ("494.716666666666667900", "494.72"),
        ("1086600.000000000000000000", "1,086,600"),
        ("0.000000123456", "0.000000123"),
        ("0.5", "0.5"),
        ("-3.10", "-3.10"),
    ],
)
def test_a_quantity_is_short_and_never_0(quantity: str, shown: str) -> None:
    unpriced = Unpriced(OCTOBER, "s", "s:m", Decimal(quantity), "Hours", 1, NOON, NOON, "f: r")
    html = html_of(ReportData(unpriced=(unpriced,)))
    assert tables_by_head(html, "Meter")[0][1][1:3] == [shown, "Hours"]


def test_restatements_are_told_since_the_page_before(built: None, tmp_path: Path) -> None:
    del built
    out = tmp_path / "report.html"
    with psycopg.connect() as connection:
        newest = newest_restating_load(connection)
        write_report(connection, out)
        whole = out.read_text(encoding="utf-8")
        out.write_text(knew(whole, newest - 1), encoding="utf-8")
        write_report(connection, out)
        news = out.read_bytes()
        write_report(connection, out)
        write_report(connection, tmp_path / "first.html")
    assert "There was no earlier page" in whole
    assert f"loads after number {newest - 1}," in news.decode()
    shown = tables_by_head(news.decode(), "Meter")[-1][1:]
    assert shown
    assert {row[-1] for row in shown} == {str(newest)}
    assert len(shown) < len(tables_by_head(whole, "Meter")[-1][1:])
    assert out.read_bytes() == news
    assert (tmp_path / "first.html").read_text(encoding="utf-8") == whole


def newest_restating_load(connection: psycopg.Connection) -> int:
    row = connection.execute("select max(load_id) from marts.rpt_restatements").fetchone()
    connection.rollback()
    assert row is not None
    return int(row[0])


def knew(html: str, load_id: int) -> str:
    name = '<meta name="usage-costs-loads" content='
    return re.sub(f'{name}"\\d+ \\d+">', f'{name}"{load_id} 0">', html)


@pytest.mark.parametrize(
    ("newest", "since"), [(9, 7), (10, 9), (8, 0)], ids=["same loads", "newer", "another database"]
)
def test_a_page_made_again_tells_the_same_news(newest: int, since: int) -> None:
    assert LastPage(newest_load_id=9, since_load_id=7).since(newest) == since


def test_the_library_is_the_one_on_record() -> None:
    digest = hashlib.sha256((ASSETS / "echarts.common.min.js").read_bytes()).hexdigest()
    assert digest in (ASSETS / "README.md").read_text(encoding="utf-8")


def test_nothing_is_fetched(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    assert "default-src 'none'" in html
    assert (
        re.findall(r"""(?:src|href|action|data)\s*=\s*["']?(?!#)[^"'\s>]*//""", own_part(html))
        == []
    )
    assert re.findall(r"@import|url\(|<link|<iframe|<base", own_part(html)) == []


def own_part(html: str) -> str:
    return html.replace((ASSETS / "echarts.common.min.js").read_text(encoding="utf-8"), "")
