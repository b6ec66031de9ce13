"""The report in a real browser: right figures for every choice, by keyboard, readable by all."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import pytest
from browser import Tab, tab_of

import loader.report
from loader.report import write_report
from loader.report.cents import split_grid, to_cents
from loader.report.cost_table import cost_table, shown_money
from loader.report.page import page_html
from loader.report.records import Account, Cost, ReportData, Team
from loader.report.view import page_view

ASSETS = Path(loader.report.__file__).parent / "assets"
AXE = Path(__file__).parents[1] / "fixtures" / "axe"
HOSTILE = "</script><script>window.bitten = true</script><img src=x onerror=bite()>\"'&"
TAB_KEY, SPACE_KEY, DOWN_KEY, ENTER_KEY = 9, 32, 40, 13


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with tab_of(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.fixture(autouse=True)
def quiet(tab: Tab) -> Iterator[None]:
    """A window of one size, and after every test an empty console and nothing fetched."""
    tab.size(1280)
    tab.scheme("light")
    yield
    assert tab.console == []
    assert [url for url in tab.requests if not url.startswith(("file://", "about:"))] == []


@pytest.fixture
def page(built: None, tmp_path: Path) -> str:
    del built
    out = tmp_path / "report.html"
    with psycopg.connect() as connection:
        write_report(connection, out)
    return out.as_uri()


def cost(day: str, team: str, amount: str, *, source: str = "tecton", account: str = "a") -> Cost:
    service = f"{source.title()} Serving"
    return Cost(
        date.fromisoformat(day), team, source, service, "USD", Decimal(amount), account_key=account
    )


def written(data: ReportData, folder: Path) -> str:
    out = folder / "page.html"
    out.write_text(page_html(page_view(data)), encoding="utf-8")
    return out.as_uri()


def choose(tab: Tab, name: str, value: str) -> None:
    tab.run(
        f"(() => {{ const select = document.querySelector('select[name={name}]');"
        f" select.value = '{value}';"
        " select.dispatchEvent(new Event('change', { bubbles: true })); })()"
    )
    assert tab.run(f"document.querySelector('select[name={name}]').value") == value


def text(tab: Tab, selector: str) -> str:
    return str(tab.run(f"document.querySelector('{selector}').innerText")).strip()


def table(tab: Tab, selector: str) -> list[list[str]]:
    rows = tab.run(
        f"[...document.querySelectorAll('{selector} tr')].filter((row) => row.checkVisibility())"
        ".map((row) => [...row.cells].map((cell) => cell.textContent.trim()))"
    )
    assert isinstance(rows, list)
    return rows


def total_of(**filters: str) -> str:
    """Return the mart's own sum, of a team with the teams below it, as the page would show it."""
    query = """
        with recursive members as (
            select %(team)s::text as team
            union
            select dim_teams.team from marts.dim_teams
            inner join members on dim_teams.parent_team = members.team
        )

        select coalesce(sum(effective_cost), 0) from marts.rpt_costs_daily
        where (%(team)s = '' or team in (select team from members))
            and (%(source)s = '' or source_name = %(source)s)
            and (%(month)s = '' or to_char(usage_date, 'YYYY-MM') = %(month)s)
    """
    chosen = {"team": "", "source": "", "month": ""} | filters
    with psycopg.connect() as connection:
        row = connection.execute(query, chosen).fetchone()
    assert row is not None
    return shown_money(to_cents(row[0]))


def test_charts_are_drawn_without_a_network(tab: Tab, page: str) -> None:
    tab.open(page)
    charts = tab.run("[...document.querySelectorAll('.canvas svg')].map((svg) => svg.outerHTML)")
    assert len(charts) == 2
    assert len(re.findall(r'<path[^>]* fill="var\(--slot-1\)"', charts[0])) >= 28
    assert re.findall(r'fill="url\(#zr\d+-p', charts[0])


def test_every_choice_shows_the_sum_sql_gives(tab: Tab, page: str) -> None:
    with psycopg.connect() as connection:
        pairs = connection.execute(
            "select distinct team, source_name from marts.rpt_costs_daily order by 1, 2"
        ).fetchall()
    assert len(pairs) > 10
    tab.open(page)
    month = tab.run("document.querySelector('select[name=month]').value")
    assert text(tab, "[data-part=total]") == total_of(month=month)
    for team, source in pairs:
        choose(tab, "team", team)
        choose(tab, "source", "")
        assert text(tab, "[data-part=total]") == total_of(month=month, team=team)
        choose(tab, "source", source)
        expected = total_of(month=month, team=team, source=source)
        assert text(tab, "[data-part=total]") == expected
        assert text(tab, "[role=status]").startswith(f"USD {expected}: ")
        for by in ("team", "source", "service", "account"):
            assert table(tab, f"[data-table={by}]")[-1][1] == expected
    choose(tab, "source", "")
    choose(tab, "team", "engineering")
    assert text(tab, "[data-part=total]") == total_of(month=month, team="engineering")
    tab.run("document.querySelector('#filters [type=reset]').click()")
    tab.settle()
    assert text(tab, "[data-part=total]") == total_of(month=month)


def test_a_choice_stands_in_the_address_and_filters_the_other_tables(tab: Tab, page: str) -> None:
    tab.open(page)
    choose(tab, "team", "growth")
    choose(tab, "source", "tecton")
    address = tab.run("location.href")
    assert {row[0] for row in table(tab, "#anomalies tbody")} == {"16 Oct 2026"}
    assert all(row[1] == "Growth" for row in table(tab, "#anomalies tbody"))
    assert {row[0].split("\n")[0].split(" ")[0] for row in table(tab, "#budgets tbody")} == {
        "Growth",
        "Engineering",
    }
    assert table(tab, "#unallocated tbody") == []
    assert "Nothing of this month" in text(tab, "#unallocated")
    assert [row[:2] for row in table(tab, "#statement tbody")] == [["Growth", "Tecton"]]
    shown = text(tab, "[data-part=total]")
    tab.open(address)
    assert text(tab, "[data-part=total]") == shown
    asked = urlencode({"team": "nobody", "source": "tecton"})
    tab.open(f"{page}#{asked}")
    assert text(tab, "[data-part=total]") == total_of(month="2026-10", source="tecton")


def test_figures_of_the_chart_are_those_of_the_mart_to_the_cent(tab: Tab, page: str) -> None:
    with psycopg.connect() as connection:
        rows = connection.execute(
            "select usage_date::text, source_name, effective_cost from marts.rpt_costs_daily"
            " where usage_date >= '2026-10-01'"
        ).fetchall()
    tab.open(f"{page}#by=source")
    tab.run("document.querySelector('.figures').open = true")
    _, *days, foot = table(tab, ".figures")
    assert len(days) == len({day for day, _, _ in rows})
    whole = cost_table(rows).total
    assert foot[-1] == shown_money(whole)
    for line in [*days, foot]:
        amounts = [cents(amount) for amount in line[1:]]
        assert sum(amounts[:-1]) == amounts[-1]
    columns = [[cents(line[place]) for line in days] for place in range(1, len(foot))]
    assert [sum(column) for column in columns] == [cents(amount) for amount in foot[1:]]


def cents(shown: str) -> int:
    return int(re.sub("[,.–]", "", shown) or 0)  # noqa: RUF001


def test_the_script_hands_out_cents_as_python_does(tab: Tab, tmp_path: Path) -> None:
    """Rows and columns that cannot both have their own rounding, halves, and amounts below 0."""
    amounts = {
        ("a", "x"): "0.005",
        ("a", "y"): "0.005",
        ("b", "x"): "0.004",
        ("b", "z"): "1.336",
        ("c", "y"): "-0.015",
        ("c", "z"): "7.3333333333",
        ("d", "x"): "0.0049",
        ("d", "y"): "2.6666666666",
        ("d", "z"): "-3.0050000001",
        # Rows of a cent each: the columns have to share them.
        ("e", "x"): "0.005",
        ("e", "y"): "0.005",
        ("f", "x"): "0.005",
        ("f", "y"): "0.005",
    }
    costs = [
        cost("2026-10-01", team, amount, source=source)
        for (team, source), amount in amounts.items()
    ]
    tab.open(written(ReportData(costs=tuple(costs)), tmp_path))
    expected = cost_table((row, column, Decimal(text)) for (row, column), text in amounts.items())
    _, *rows, foot = table(tab, "[data-part=matrix]")
    assert {row[0]: cents(row[-1]) for row in rows} == expected.rows
    assert sum(expected.columns.values()) == cents(foot[-1])
    heads = [each.lower() for each in table(tab, "[data-part=matrix]")[0][1:-1]]
    shown = {
        (row[0], head): cents(amount)
        for row in rows
        for head, amount in zip(heads, row[1:], strict=False)
        if (row[0], head) in amounts
    }
    assert shown == dict(expected.cells)
    exact = {key: Decimal(text) for key, text in amounts.items()}
    assert shown == split_grid(exact, expected.rows, expected.columns)


def test_a_running_month_is_compared_with_the_same_days(tab: Tab, tmp_path: Path) -> None:
    costs = [
        cost("2026-09-01", "a", "10"),
        cost("2026-09-02", "b", "5"),
        cost("2026-09-03", "a", "1000"),
        cost("2026-10-01", "a", "12.5"),
        cost("2026-10-02", "c", "7"),
    ]
    tab.open(written(ReportData(costs=tuple(costs)), tmp_path))
    assert text(tab, "[data-part=change]") == (
        "+4.50 (+30.0%) against 1 to 2 Sep 2026, which cost USD 15.00"
    )
    assert table(tab, "[data-table=team]")[1:] == [
        ["a", "12.50", "64.1%", "+2.50", "+25.0%"],
        ["c", "7.00", "35.9%", "+7.00", "new"],
        ["b", "0.00", "0.0%", "-5.00", "-100.0%"],
        ["Total", "19.50", "100.0%", "+4.50", "+30.0%"],
    ]
    choose(tab, "month", "2026-09")
    assert text(tab, "[data-part=total]") == "1,015.00"
    assert "No cost of the month before" in text(tab, "[data-part=change]")
    choose(tab, "month", "")
    assert text(tab, "[data-part=total]") == "1,034.50"
    assert text(tab, "#chart-head") == "Cost by month"


def test_shares_add_up_and_are_the_same_in_both_places(tab: Tab, tmp_path: Path) -> None:
    costs = [cost("2026-10-05", team, "33.335") for team in ("a", "b")]
    shared = replace(cost("2026-10-05", "c", "33.33"), is_shared=True)
    tab.open(
        written(
            ReportData(costs=(*costs, shared, cost("2026-10-05", "unallocated", "0.01"))), tmp_path
        )
    )
    of_teams = {row[0]: row[2] for row in table(tab, "[data-table=team] tbody")}
    assert of_teams == {"a": "33.4%", "b": "33.3%", "c": "33.3%", "Unallocated": "<0.1%"}
    ways = "document.querySelectorAll('[data-part=split] dd span')"
    of_ways = tab.run(f"[...{ways}].map((each) => each.textContent)")
    assert of_ways == ["66.7%", "33.3%", "<0.1%"]
    tab.open(written(ReportData(costs=(costs[0], cost("2026-10-05", "b", "-3.335"))), tmp_path))
    shares = [row[2] for row in table(tab, "[data-table=team] tbody")]
    assert shares == ["111.1%", "-11.1%"]


def test_a_table_wider_than_its_place_says_so_and_keeps_its_first_column(
    tab: Tab, page: str
) -> None:
    wide = "[...document.querySelectorAll('.sideways')].map((each) => each.ariaLabel)"
    tab.open(page)
    assert tab.run(wide) == []
    tab.size(390)
    tab.settle()
    marked = tab.run(wide)
    assert {"Budgets, table", "Anomalies, table", "Cost by team and source, table"} <= set(marked)
    assert "Cost by team, table" not in marked
    box = "document.querySelector('#budgets .scroll')"
    left = f"{box}.querySelector('tbody th').getBoundingClientRect().left"
    before = tab.run(left)
    tab.run(f"{box}.scrollLeft = 200")
    assert tab.run(f"{box}.scrollLeft") == 200
    assert tab.run(left) == before


def test_what_has_no_colour_left_is_drawn_as_one_and_listed_by_name(
    tab: Tab, tmp_path: Path
) -> None:
    teams = [f"team {number:02}" for number in range(11)]
    costs = [cost("2026-10-05", team, f"{9 + i}.335") for i, team in enumerate(teams)]
    tab.open(written(ReportData(costs=(*costs, cost("2026-10-05", "unallocated", "99"))), tmp_path))
    legend = tab.run(
        "[...document.querySelectorAll('.legend button')].map((each) => each.textContent)"
    )
    assert [each.rpartition(" ")[0] for each in legend] == [
        *reversed(teams[3:]),
        "3 others",
        "Unallocated",
    ]
    assert {row[0] for row in table(tab, "[data-table=team] tbody")} == {*teams, "Unallocated"}


def test_a_series_is_hidden_by_its_button(tab: Tab, page: str) -> None:
    drawn = "document.querySelectorAll('.canvas path[fill=\"var(--slot-1)\"]').length"
    tab.open(page)
    before = tab.run(drawn)
    tab.run("document.querySelector('.legend button.slot-1').click()")
    tab.settle()
    assert tab.run(drawn) < before
    assert tab.run("document.querySelector('.legend button').ariaPressed") == "false"


def test_everything_is_reached_and_worked_by_keyboard(tab: Tab, page: str) -> None:
    tab.open(page)
    reached = []
    for _ in range(80):
        tab.press("Tab", TAB_KEY)
        reached.append(
            tab.run(
                "(({ tagName, name, className }) => `${tagName} ${name ?? ''} ${className}`.trim())"
                "(document.activeElement)"
            )
        )
    assert reached[0] == "A  skip"
    assert {"SELECT month", "SELECT team", "SELECT source", "INPUT by"} <= set(reached)
    assert any(each.startswith("BUTTON  slot-") for each in reached)
    assert any(each.startswith("DIV  scroll") for each in reached)
    tab.run("document.querySelector('select[name=team]').focus()")
    before = text(tab, "[data-part=total]")
    tab.press("ArrowDown", DOWN_KEY)
    tab.settle()
    assert text(tab, "[data-part=total]") != before
    tab.run("document.querySelector('#by input').focus()")
    tab.press("ArrowDown", DOWN_KEY)
    tab.settle()
    assert "by=source" in tab.run("location.hash")
    tab.run("document.querySelector('.figures summary').focus()")
    tab.press("Enter", ENTER_KEY, text="\r")
    assert tab.run("document.querySelector('.figures').open")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert tab.run(outline) != "none"


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(tab: Tab, page: str, width: int, scheme: str) -> None:
    tab.size(width)
    tab.scheme(scheme)
    tab.open(page)
    tab.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    tab.run((AXE / "axe.min.js").read_text(encoding="utf-8") + ";0")
    found = tab.run(
        "axe.run().then(({ violations }) => violations.map(({ impact, id, nodes }) =>"
        " [impact, id, nodes.map(({ target }) => target.join(' '))]))"
    )
    assert found == []
    assert tab.run("axe.run().then(({ passes }) => passes.length)") > 20


def test_axe_is_the_one_on_record() -> None:
    digest = hashlib.sha256((AXE / "axe.min.js").read_bytes()).hexdigest()
    assert digest in (AXE / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_the_page_never_scrolls_sideways(tab: Tab, page: str, width: int) -> None:
    tab.size(width)
    tab.open(page)
    tab.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert tab.run("document.documentElement.scrollWidth") <= width
    wide = (
        "[...document.querySelectorAll('main *')].filter((each) =>"
        f" !each.closest('.scroll') && each.getBoundingClientRect().right > {width} + 1)"
        ".map((each) => each.outerHTML.slice(0, 80))"
    )
    assert tab.run(wide) == []


def test_paper_shows_the_figures_and_not_the_controls(tab: Tab, page: str) -> None:
    tab.open(page)
    tab.scheme("light", media="print")
    shown = "document.querySelector('{}').checkVisibility()"
    for control in ("select[name=month]", "nav", "#by", "#filters button"):
        assert not tab.run(shown.format(control)), control
    for figure in ("[data-part=total]", "[data-table=team]", "[role=status]", "#budgets table"):
        assert tab.run(shown.format(figure)), figure
    cut = (
        "[...document.querySelectorAll('.scroll')].filter((each) =>"
        " getComputedStyle(each).overflowX !== 'visible').length"
    )
    assert tab.run(cut) == 0


def test_hostile_names_do_nothing(tab: Tab, tmp_path: Path) -> None:
    costs = (
        cost("2026-10-01", HOSTILE, "1", source=HOSTILE, account=HOSTILE),
        cost("2026-10-02", "b", "1"),
    )
    data = ReportData(
        costs=costs,
        teams=(Team(HOSTILE, HOSTILE, None),),
        accounts=(Account(HOSTILE, HOSTILE, HOSTILE),),
    )
    tab.open(written(data, tmp_path))
    assert tab.run("document.querySelectorAll('img').length") == 0
    assert tab.run("window.bitten ?? null") is None
    assert HOSTILE in {row[0] for row in table(tab, "[data-table=account] tbody")}
    value = tab.run("document.querySelector('select[name=team]').options[2].value")
    assert value == "b" or value == HOSTILE  # noqa: PLR1714


def test_a_script_that_slipped_in_would_not_run(tab: Tab, tmp_path: Path) -> None:
    out = tmp_path / "injected.html"
    html = page_html(page_view(ReportData(costs=(cost("2026-10-01", "a", "1"),))))
    injected = html.replace("<main", "<script>document.title = 'bitten'</script><main", 1)
    out.write_text(injected, encoding="utf-8")
    tab.open(out.as_uri())
    assert tab.run("document.title") != "bitten"
    assert any("Content Security Policy" in line for line in tab.console)
    tab.console.clear()


def test_a_script_error_would_be_noticed(tab: Tab, tmp_path: Path) -> None:
    out = tmp_path / "broken.html"
    html = page_html(page_view(ReportData(costs=(cost("2026-10-01", "a", "1"),))))
    out.write_text(html.replace('data-part="chart"', ""), encoding="utf-8")
    tab.open(out.as_uri())
    assert any("TypeError" in line for line in tab.console)
    tab.console.clear()
