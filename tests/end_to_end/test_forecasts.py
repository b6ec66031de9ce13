"""Forecasts, anomalies and budgets of series whose future and whose incidents are known."""

import csv
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sample_totals
from databases import connect_to

ROOT = Path(__file__).parents[2]
AS_OF = "2026-09-15T12:00:00Z"
FIRST, LAST = date(2026, 3, 2), date(2026, 9, 13)
# The source called late has brought nothing for sure since the 10th.
AWAITED = {"even": date(2026, 9, 14), "late": date(2026, 9, 11)}
SELECTION = ["budgets", "teams", "int_forecasts__daily_costs+", "int_budgets__thresholds+"]
SELECTION += ["int_budgets__teams+", "dim_teams"]
Series = Callable[[date], float]


def days_since(day: date) -> int:
    return (day - FIRST).days


def weekly(day: date) -> float:
    return {4: 400, 5: 20, 6: 20}.get(day.weekday(), 200)


def noisy(day: date) -> float:
    return round(100 * random.Random(day.toordinal()).lognormvariate(0, 0.1), 2)  # noqa: S311


def is_month_end(day: date) -> bool:
    return (day + timedelta(days=1)).day == 1


def on(incident: date, cost: float, usual: Series) -> Series:
    return lambda day: cost if day == incident else usual(day)


EARLY = date(2026, 3, 20)
SPIKE, DROP = date(2026, 7, 15), date(2026, 8, 11)
STEP, ENDED = date(2026, 8, 3), date(2026, 8, 1)
SERIES: dict[str, Series] = {
    "flat": lambda _: 100,
    "growing": lambda day: 100 + 3 * days_since(day),
    "shrinking": lambda day: 800 - 3 * days_since(day),
    "compounding": lambda day: round(100 * 1.01 ** days_since(day), 2),
    "weekly": weekly,
    "noisy": noisy,
    "monthly": lambda day: 500 if is_month_end(day) else 50,
    "credited": lambda _: -10,
    "spiking": on(SPIKE, 400, noisy),
    "spiking_early": on(EARLY, 900, weekly),
    "spiking_weekly": on(SPIKE, 600, weekly),
    "dropping": on(DROP, 0, weekly),
    "stepping": lambda day: 100 if day < STEP else 300,
    "ending": lambda day: 100 if day < ENDED else 0,
    "one_point": lambda day: 70 if day == date(2026, 9, 10) else 0,
    "new": lambda day: 70 if day >= date(2026, 9, 4) else 0,
}
LATE: dict[str, Series] = {
    "awaited": lambda day: weekly(day) if day < AWAITED["late"] else 1,
    "awaited_spike": on(date(2026, 9, 12), 900, weekly),
}
BUDGETS = [
    # Thresholds left to the default; in other money than the costs; to come; of a whole year.
    ("flat", "2026-09-01", "2026-10-01", "2000", "USD", ""),
    ("flat", "2026-09-01", "2026-10-01", "2000", "EUR", ""),
    ("flat", "2027-09-01", "2027-10-01", "2000", "USD", ""),
    ("growing", "2026-01-01", "2027-01-01", "200000", "USD", "10;25"),
    ("all", "2026-08-01", "2026-09-01", "20000", "USD", "25;50;100"),
    ("one_point", "2026-09-01", "2026-10-01", "100", "USD", "50;70;71"),
    ("fixed", "2026-09-01", "2026-10-01", "900", "USD", "50;100"),
]
COSTS = """
create table marts.rpt_costs_daily (
    usage_date date, team text, source_name text, service_name text, currency text,
    list_cost numeric(38, 12), effective_cost numeric(38, 12), billed_cost numeric(38, 12)
)
"""
COMPLETENESS = """
create table marts.rpt_source_completeness as
select
    source_name, usage_date,
    case when usage_date < awaited_from then 24 else 0 end::bigint as hours_present,
    0::bigint as hours_zero,
    case when usage_date >= awaited_from then 24 else 0 end::bigint as hours_not_due,
    0::bigint as hours_late
from unnest(%s::text[], %s::date[]) as sources (source_name, awaited_from)
cross join lateral
    (select generate_series(%s::date, '2026-09-15'::date, interval '1 day')::date as usage_date)
"""


def costs() -> Iterator[tuple[date, str, str, Decimal]]:
    for source, series in (("even", SERIES), ("late", LATE)):
        for team, cost in series.items():
            for number in range(days_since(LAST) + 1):
                day = FIRST + timedelta(days=number)
                if amount := cost(day):
                    yield day, team, source, Decimal(str(amount))
    # A fixed charge of the whole month.
    for number in range(1, 31):
        yield date(2026, 9, number), "fixed", "even", Decimal(30)


def write_seeds(folder: Path) -> None:
    for path in sample_totals.SEEDS.glob("*.csv"):
        (folder / path.name).write_bytes(path.read_bytes())
    with (folder / "budgets.csv").open("w", newline="", encoding="utf-8") as lines:
        header = ("team", "period_start", "period_end", "amount", "currency", "thresholds")
        csv.writer(lines, lineterminator="\n").writerows([header, *BUDGETS])
    with (folder / "teams.csv").open("w", newline="", encoding="utf-8") as lines:
        parents = {"noisy": "all", "flat": "noisy", "stepping": "flat"}
        teams = ["all", *SERIES, *LATE, "fixed"]
        rows = [(team, team, parents.get(team, ""), "") for team in teams]
        header = ("team", "team_name", "parent_team", "cost_centre")
        csv.writer(lines, lineterminator="\n").writerows([header, *rows])


Rows = list[tuple[object, ...]]


class Marts:
    """The marts of the series above."""

    def __init__(self, environment: dict[str, str], seeds: Path) -> None:
        self._environment = environment
        self._seeds = seeds

    def build(self) -> None:
        result = subprocess.run(
            [
                *(sys.executable, "-m", "loader", "build", "--seeds", str(self._seeds), "--select"),
                *(*SELECTION, "--exclude", "resource_type:unit_test"),
                # What a seed or a mart that is not built here has to say is no matter.
                *("--indirect-selection", "cautious"),
            ],
            cwd=ROOT,
            env=self._environment | {"LOADER_AS_OF": AS_OF},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr

    def rows(self, query: str, *values: object) -> Rows:
        with connect_to(self._environment) as connection:
            return connection.execute(query, values).fetchall()

    def fill(self) -> None:
        copied = "usage_date, team, source_name, currency, effective_cost"
        with (
            connect_to(self._environment) as connection,
            connection.cursor() as cursor,
            cursor.copy(f"copy marts.rpt_costs_daily ({copied}) from stdin") as copy,
        ):
            for day, team, source, amount in costs():
                copy.write_row((day, team, source, "USD", amount))

    def anomalies(self, team: str) -> Rows:
        return self.rows(
            "select usage_date, sign(score)::integer from marts.rpt_cost_anomalies"
            " where team = %s and is_anomaly order by usage_date",
            team,
        )

    def forecast(self, team: str) -> dict[date, tuple[Decimal, Decimal, Decimal, str]]:
        found = self.rows(
            "select usage_date, forecast_cost, lower_cost, upper_cost, method"
            " from marts.rpt_cost_forecast where team = %s",
            team,
        )
        return {row[0]: row[1:] for row in found}  # type: ignore[misc]


@pytest.fixture(scope="module")
def marts(own_database: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Marts:
    seeds = tmp_path_factory.mktemp("seeds")
    write_seeds(seeds)
    with connect_to(own_database) as connection:
        sources, awaited = list(AWAITED), list(AWAITED.values())
        connection.execute("create schema marts")
        connection.execute(COSTS)
        connection.execute(COMPLETENESS, [sources, awaited, FIRST])
    return Marts(own_database, seeds)


@pytest.fixture(scope="module")
def of_nothing(marts: Marts) -> dict[str, Rows]:
    """Return the rows made of no costs at all; then the marts are built of the series."""
    marts.build()
    tables = ("rpt_cost_anomalies", "rpt_cost_forecast", "fct_budget_alerts", "rpt_budget_status")
    found = {table: marts.rows(f"table marts.{table}") for table in tables}
    marts.fill()
    marts.build()
    return found


@pytest.fixture
def built(marts: Marts, of_nothing: object) -> Marts:
    assert of_nothing
    return marts


def test_without_costs_there_is_nothing_to_say(of_nothing: dict[str, Rows]) -> None:
    lengths = {table: len(rows) for table, rows in of_nothing.items()}
    assert lengths == {
        "rpt_cost_anomalies": 0,
        "rpt_cost_forecast": 0,
        "fct_budget_alerts": 0,
        "rpt_budget_status": len(BUDGETS),
    }


@pytest.mark.parametrize(
    "team",
    [
        *("flat", "growing", "shrinking", "compounding", "weekly", "noisy", "credited"),
        *("one_point", "new", "fixed", "awaited"),
    ],
)
def test_nothing_is_wrong_with(team: str, built: Marts) -> None:
    assert built.anomalies(team) == []


@pytest.mark.parametrize(
    ("team", "expected"),
    [
        ("spiking", [(SPIKE, 1)]),
        ("spiking_early", [(EARLY, 1)]),
        ("spiking_weekly", [(SPIKE, 1)]),
        ("dropping", [(DROP, -1)]),
        ("awaited_spike", [(date(2026, 9, 12), 1)]),
        # The first month end is news; later ones are known.
        ("monthly", [(date(2026, 3, 31), 1)]),
        # News for two weeks, then usual.
        ("stepping", [(STEP + timedelta(days=number), 1) for number in range(14)]),
        ("ending", [(ENDED + timedelta(days=number), -1) for number in range(14)]),
    ],
)
def test_an_incident_is_found(team: str, expected: Rows, built: Marts) -> None:
    assert built.anomalies(team) == expected


def test_a_reason_names_what_was_compared(built: Marts) -> None:
    reasons = built.rows(
        "select distinct reason from marts.rpt_cost_anomalies where reason is not null"
    )
    assert {reason for (reason,) in reasons} >= {
        "above the 8 same weekdays before it",
        "below the 8 same weekdays before it",
        "above the 8 working days before it",
        "too few days to compare with",
        "usage is still awaited",
    }


def test_every_day_between_the_first_and_the_last_known_is_there(built: Marts) -> None:
    ended = built.rows(
        "select min(usage_date), max(usage_date), count(*), count(*) filter (where is_complete)"
        " from marts.rpt_cost_anomalies where team = 'ending'"
    )
    length = days_since(LAST) + 1
    assert ended == [(FIRST, LAST, length, length)]
    awaited = built.rows(
        "select count(*) filter (where not is_complete) from marts.rpt_cost_anomalies"
        " where team = 'awaited'"
    )
    assert awaited == [(3,)]


@pytest.mark.parametrize("team", ["flat", "growing", "shrinking", "weekly", "credited", "noisy"])
def test_the_future_lies_in_the_band_around_the_forecast(team: str, built: Marts) -> None:
    forecast = built.forecast(team)
    assert min(forecast) == date(2026, 9, 14)
    assert max(forecast) == date(2026, 12, 31)
    october = {day: row for day, row in forecast.items() if day < date(2026, 11, 1)}
    outside = [
        day
        for day, (_, lower, upper, _) in october.items()
        if not lower <= Decimal(str(SERIES[team](day))) <= upper
    ]
    assert len(outside) <= len(october) // 20
    assert all(lower <= cost <= upper for cost, lower, upper, _ in forecast.values())


@pytest.mark.parametrize(("team", "method"), [("flat", "weekday"), ("growing", "weekday_trend")])
def test_the_forecast_of_a_line_is_the_line(team: str, method: str, built: Marts) -> None:
    for day, (cost, _, _, found) in built.forecast(team).items():
        if day < date(2026, 10, 15):
            assert abs(cost / Decimal(str(SERIES[team](day))) - 1) < Decimal("0.01"), day
            assert found == method


def test_month_ends_are_forecast_from_month_ends(built: Marts) -> None:
    forecast = built.forecast("monthly")
    assert (forecast[date(2026, 9, 29)][0], forecast[date(2026, 9, 29)][3]) == (50, "weekday")
    last = forecast[date(2026, 9, 30)]
    assert (last[0], last[3]) == (500, "weekday_month_end")


def test_less_than_a_week_is_not_forecast(built: Marts) -> None:
    (unknown,) = set(built.forecast("one_point").values())
    assert unknown == (None, None, None, "too_short")
    (level,) = {(row[0], row[3]) for row in built.forecast("new").values()}
    assert level == (70, "day_kind")


def test_what_is_charged_already_is_the_least(built: Marts) -> None:
    forecast = built.rows(
        "select usage_date, known_cost, forecast_cost from marts.rpt_cost_forecast"
        " where team = 'fixed' and usage_date in ('2026-09-30', '2026-10-01') order by usage_date"
    )
    assert forecast == [(date(2026, 9, 30), 30, 30), (date(2026, 10, 1), None, 30)]


def test_budgets_say_where_they_stand_and_will_end(built: Marts) -> None:
    columns = (
        "team, currency, thresholds, effective_cost, share_of_budget, round(forecast_cost),"
        " is_forecast_partial, passed_threshold, next_threshold, other_currencies, status"
    )
    rows = built.rows(
        f"select {columns} from marts.rpt_budget_status order by period_start, team, currency"
    )
    noisy_august = sum(Decimal(str(noisy(date(2026, 8, day)))) for day in range(1, 32))
    august = 3100 + 2 * 100 + 29 * 300 + noisy_august
    grown = sum(100 + 3 * number for number in range(days_since(LAST) + 1))
    (year, all_teams, *rest) = rows
    assert year[:5] == ("growing", "USD", "10;25", grown, Decimal(grown) / 200000)
    assert year[6:] == (False, 25, None, None, "on_track")
    assert all_teams[:4] == ("all", "USD", "25;50;100", august)
    assert all_teams[5:] == (round(august), False, 50, 100, None, "kept")
    usual = "50;80;95;100"
    assert rest == [
        ("fixed", "USD", "50;100", 450, Decimal("0.5"), 900, False, 50, 100, None, "on_track"),
        ("flat", "EUR", usual, 0, None, None, None, None, 50, "USD", "unknown"),
        ("flat", "USD", usual, 5200, Decimal("2.6"), 12000, False, 100, None, None, "over"),
        ("one_point", "USD", "50;70;71", 70, Decimal("0.7"), 70, True, 70, 71, None, "on_track"),
        ("flat", "USD", usual, 0, 0, None, None, None, 50, None, "not_started"),
    ]


ALERTS = (
    "select alert_id, team, threshold, threshold_amount, crossed_on, crossed_at, effective_cost"
    " from marts.fct_budget_alerts order by team, threshold"
)


def test_each_threshold_is_an_alert_once_and_the_same_in_every_build(built: Marts) -> None:
    alerts = built.rows(ALERTS)
    assert len({alert[0] for alert in alerts}) == len(alerts)
    found = [alert[1:] for alert in alerts if alert[1] in ("flat", "fixed", "one_point")]

    def at(day: int, hour: int) -> tuple[date, datetime]:
        return date(2026, 9, day), datetime(2026, 9, day, hour, tzinfo=UTC)

    assert found == [
        # The running day counts as far as it has come.
        ("fixed", 50, 450, *at(15, 12), 450),
        # 400 a day: with the team below it.
        ("flat", 50, 1000, *at(3, 12), 1200),
        ("flat", 80, 1600, *at(4, 23), 1600),
        ("flat", 95, 1900, *at(5, 18), 2000),
        ("flat", 100, 2000, *at(5, 23), 2000),
        ("one_point", 50, 50, *at(10, 17), 70),
        ("one_point", 70, 70, *at(10, 23), 70),
    ]
    built.build()
    assert built.rows(ALERTS) == alerts
