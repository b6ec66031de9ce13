"""The report as a file: figures that add up, text that cannot bite, charts a real browser draws."""

import hashlib
import os
import re
import shutil
import subprocess
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
from loader.report.records import AccountCost, Budget, Cost, LoadedExport, ReportData, Team
from loader.report.records import UnallocatedCost as Ownerless
from loader.report.records import UnpricedUsage as Unpriced
from loader.report.view import page_view

ASSETS = Path(loader.report.__file__).parent / "assets"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
HOSTILE = "</script><script>window.bitten = true</script><img src=x onerror=bite()>\"'&"
OCTOBER = date(2026, 10, 1)


def cost(
    day: str, team: str, amount: str, *, source: str = "tecton", currency: str = "USD"
) -> Cost:
    service = f"{source.title()} Serving"
    return Cost(date.fromisoformat(day), team, source, service, currency, Decimal(amount))


def data_of(*costs: Cost) -> ReportData:
    accounts = (
        AccountCost(
            each.month, each.source_name, f"acct {i}", None, each.currency, each.effective_cost
        )
        for i, each in enumerate(costs)
    )
    return ReportData(costs=costs, accounts=tuple(accounts))


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


def test_every_cross_table_adds_up_to_the_mart_to_the_cent(page: Path) -> None:
    latest = """
        select sum(effective_cost) from marts.rpt_costs_monthly
        group by billing_period, currency order by billing_period desc, currency limit 1
    """
    with psycopg.connect() as connection:
        row = connection.execute(latest).fetchone()
    assert row is not None
    html = page.read_text(encoding="utf-8")
    crossed = tables_by_head(html, "Team")[:1] + tables_by_head(html, "Day")[:3]
    assert len(crossed) == 4
    for table in crossed:
        assert_adds_up(table, to_cents(row[0]))
    for head in ("Service", "Account"):
        table = tables_by_head(html, head)[0]
        assert cents(table[-1][1]) == to_cents(row[0])
        groups = sum(cents(line[1]) for line in table[1:-1])
        assert groups == 2 * to_cents(row[0])


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
        assert any(
            meter_id in row and unit in row and fix.partition(": ")[2] in row for row in shown
        )
    for (fix,) in fixes:
        assert any(fix.partition(": ")[2] in row for row in shown)


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
    assert html.count("</script") == 2 + 3


NOON = datetime(2026, 10, 31, 12, tzinfo=UTC)


def test_months_come_newest_first_and_currencies_are_never_added_up() -> None:
    html = html_of(
        data_of(
            cost("2026-09-30", "a", "100"),
            cost("2026-10-01", "a", "20.001"),
            cost("2026-10-02", "a", "3.005", currency="EUR"),
        )
    )
    assert re.findall(r"<h2>(\w+ 2026)</h2>", html) == ["October 2026", "September 2026"]
    assert re.findall(r'<p class="figure"><span class="unit">(\w+)</span> ([\d.,]+)', html) == [
        ("EUR", "3.01"),
        ("USD", "20.00"),
        ("USD", "100.00"),
    ]
    assert "23.0" not in html.replace(ASSETS.joinpath("echarts.common.min.js").read_text(), "")


def test_a_page_without_costs_says_what_to_do() -> None:
    html = html_of(ReportData())
    assert "There are no costs yet" in html
    assert "<code>make build</code>" in html
    assert "<script" not in html


def test_a_month_with_only_unpriced_usage_is_shown() -> None:
    unpriced = Unpriced(OCTOBER, "tecton", "tecton:x", Decimal(7), "Writes", 1, NOON, NOON, "f: r")
    html = html_of(ReportData(unpriced=(unpriced,)))
    assert "No usage of this month has a price yet" in html
    assert "tecton:x" in html


def test_what_has_no_colour_left_is_drawn_as_one_and_listed_by_name() -> None:
    teams = [f"team {number:02}" for number in range(11)]
    data = data_of(*(cost("2026-10-05", team, f"{9 + i}.335") for i, team in enumerate(teams)))
    chart = page_view(data).months[0].currencies[0].charts[0]
    assert [series.slot for series in chart.series] == [*"12345678", "other"]
    assert chart.series[-1].name == "3 others"
    assert sum(series.total for series in chart.series) == chart.grid.total
    assert all(f">{team}</th>" in html_of(data) for team in teams)


def test_days_without_cost_are_gaps_and_not_left_out() -> None:
    data = data_of(cost("2026-10-01", "a", "1"), cost("2026-10-04", "a", "2"))
    chart = page_view(data).months[0].currencies[0].charts[0]
    assert [day.day for day in chart.days] == [1, 2, 3, 4]
    assert [row.cells for row in chart.grid.rows] == [(100,), (None,), (None,), (200,)]
    assert chart.peak == (date(2026, 10, 4), 200)


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
    month = page_view(data).months[0]
    every, one = month.budgets
    assert (every.name, every.spent, every.is_over, every.passed) == ("All", 101, True, 90)
    assert every.spent == month.currencies[0].total
    assert (one.spent, one.share, one.passed) == (33, None, None)


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


@pytest.mark.parametrize(
    ("owned", "unowned", "shares"),
    [("99.99", "0.01", [">99.9%", "<0.1%"]), ("2", "1", ["66.7%", "33.3%"])],
)
def test_what_is_not_nothing_is_never_shown_as_nothing(
    owned: str, unowned: str, shares: list[str]
) -> None:
    html = html_of(
        data_of(cost("2026-10-01", "a", owned), cost("2026-10-01", "unallocated", unowned))
    )
    found = re.findall(r"<dd>[\d.,]+ <span>([^<]+)</span>", html)
    assert [share.replace("&lt;", "<").replace("&gt;", ">") for share in found] == shares


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


def browse(page: Path, profile: Path) -> tuple[str, list[str]]:
    """Return the page as it stands after its scripts, and what its console said."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        if os.environ.get("REQUIRE_CHROMIUM") == "1":
            pytest.fail("REQUIRE_CHROMIUM=1 is set, and no Chromium is on PATH")
        pytest.skip("no Chromium on PATH: the page was not tried in a browser")
    options = (
        "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking"
        " disable-component-update disable-sync enable-logging=stderr v=0"
        f" virtual-time-budget=4000 window-size=1280,1600 user-data-dir={profile} dump-dom"
    ).split()
    run = subprocess.run(
        [browser, *(f"--{option}" for option in options), page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return run.stdout, [line for line in run.stderr.splitlines() if "CONSOLE" in line]


def test_a_browser_draws_every_chart_and_has_nothing_to_say(page: Path, tmp_path: Path) -> None:
    dom, console = browse(page, tmp_path / "profile")
    assert console == []
    charts = re.findall(r"<svg.*?</svg>", dom, flags=re.DOTALL)
    assert len(charts) == 3
    for chart in charts:
        assert len(re.findall(r'<path[^>]* fill="var\(--slot-1\)"', chart)) >= 28
    assert re.findall(r'fill="url\(#zr\d+-p', charts[0])
    assert "data-chart" not in own_part(dom).partition("<main")[2].partition("<script>")[0]


def test_a_script_error_would_be_noticed(page: Path, tmp_path: Path) -> None:
    broken = page.with_name("broken.html")
    html = page.read_text(encoding="utf-8")
    broken.write_text(html.replace('id="costs-2026-10-01-1-team-data"', ""), encoding="utf-8")
    _, console = browse(broken, tmp_path / "profile")
    assert any("TypeError" in line for line in console)


def test_hostile_names_do_nothing_in_a_browser(tmp_path: Path) -> None:
    page = tmp_path / "hostile.html"
    html = html_of(data_of(cost("2026-10-01", HOSTILE, "1"), cost("2026-10-02", "b", "1")))
    page.write_text(html, encoding="utf-8")
    dom, console = browse(page, tmp_path / "profile")
    assert console == []
    assert dom.count("<svg") == 3
    assert "<img" not in own_part(dom)


def test_a_script_that_slipped_in_would_not_run(tmp_path: Path) -> None:
    page = tmp_path / "injected.html"
    html = html_of(data_of(cost("2026-10-01", "a", "1")))
    injected = html.replace("<main", "<script>document.title = 'bitten'</script><main", 1)
    page.write_text(injected, encoding="utf-8")
    dom, console = browse(page, tmp_path / "profile")
    assert "<title>bitten" not in dom
    assert any("Content Security Policy" in line for line in console)
