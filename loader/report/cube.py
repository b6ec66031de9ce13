"""The report's costs as compact JSON: every amount exact, in whole units of the twelfth decimal.

The page adds them up as big integers, so that a filtered total is the mart's own sum. A line is one
combination of currency, team, source, service, account and way; its amounts follow each other by
day from the first one, nothing between two spaces where a day has none.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from loader.report.cents import exact_units
from loader.report.names import NO_SERVICE, Names
from loader.report.records import Cost, ForecastDay, ReportData, WorkerDay

_Key = tuple[str | int | bool, ...]


def cost_cube(data: ReportData, names: Names) -> dict[str, object]:
    """Return what the page's script filters and draws: costs, forecast and worker pools."""
    days = [
        *(cost.usage_date for cost in data.costs),
        *(day.usage_date for day in data.forecast),
        *(day.usage_date for day in data.workers),
    ]
    first = min(days, default=date.min)
    return {
        "first": first.isoformat(),
        "days": (max(days, default=date.min) - first).days + 1 if days else 0,
        "teams": {
            team: names.team(team)
            for team in sorted(
                {cost.team for cost in data.costs} | {team.team for team in data.teams}
            )
        },
        "parents": {team.team: team.parent_team for team in data.teams if team.parent_team},
        "sources": {
            source: names.source(source)
            for source in sorted({cost.source_name for cost in data.costs})
        },
        "noService": NO_SERVICE,
        "accounts": [
            [account.source_name, account.account_key, account.account_name]
            for account in data.accounts
            if account.account_name
        ],
        "costs": _cost_lines(data.costs, first),
        "forecast": _forecast_lines(data.forecast, first),
        "workers": _worker_lines(data.workers, first),
    }


def _cost_lines(costs: Iterable[Cost], first: date) -> list[list[object]]:
    lines: dict[_Key, dict[int, Decimal]] = {}
    for cost in costs:
        key = (
            cost.currency,
            cost.team,
            cost.source_name,
            cost.service_name or "",
            cost.account_key,
            int(cost.is_shared),
        )
        lines.setdefault(key, {})[(cost.usage_date - first).days] = cost.effective_cost
    return [[*key, min(days), _series(days)] for key, days in lines.items()]


def _forecast_lines(forecast: Sequence[ForecastDay], first: date) -> list[list[object]]:
    lines: dict[_Key, list[ForecastDay]] = {}
    for day in forecast:
        if day.forecast_cost is not None:
            lines.setdefault((day.currency, day.team, day.source_name), []).append(day)
    return [_forecast_line(key, days, first) for key, days in lines.items()]


def _forecast_line(key: _Key, days: Sequence[ForecastDay], first: date) -> list[object]:
    """Return what is known, expected, and the least and the most it usually is, by day."""
    texts = (
        _series({(day.usage_date - first).days: getattr(day, name) or Decimal(0) for day in days})
        for name in ("known_cost", "forecast_cost", "lower_cost", "upper_cost")
    )
    return [*key, (days[0].usage_date - first).days, *texts]


def _worker_lines(workers: Iterable[WorkerDay], first: date) -> list[list[object]]:
    """Return pools with whole seconds of capacity, work and waiting by day."""
    lines: dict[_Key, dict[int, WorkerDay]] = {}
    for day in workers:
        if day.worker_pool is not None:
            key = (day.account_key, day.worker_pool)
            lines.setdefault(key, {})[(day.usage_date - first).days] = day
    return [
        [
            *key,
            min(days),
            [
                [
                    _seconds(day.capacity_minutes),
                    _seconds(day.busy_minutes),
                    _seconds(day.waiting_minutes),
                ]
                if day
                else None
                for day in (days.get(place) for place in range(min(days), max(days) + 1))
            ],
        ]
        for key, days in lines.items()
    ]


def _series(amounts: Mapping[int, Decimal]) -> str:
    units = (
        exact_units(amounts[day]) if day in amounts else ""
        for day in range(min(amounts), max(amounts) + 1)
    )
    return " ".join(map(str, units))


def _seconds(minutes: Decimal) -> int:
    return round(minutes * 60)
