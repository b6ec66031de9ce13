"""Names the report shows: of teams, sources, services, accounts, days and months."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from loader.report.cost_table import UNALLOCATED
from loader.report.records import ReportData, UnallocatedCost

NO_SERVICE = "Meters without a service"

# Spelled out because strftime follows the locale, and the page must not.
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


@dataclass(frozen=True)
class Names:
    """What to show for a key; a key nobody named is shown as it is."""

    teams: Mapping[str, str]
    sources: Mapping[str, str]

    def team(self, team: str) -> str:
        """Return the team's name."""
        return self.teams.get(team, team)

    def source(self, source_name: str) -> str:
        """Return the vendor's name as its services spell it."""
        return self.sources.get(source_name, source_name)

    def service(self, service: tuple[str, str]) -> str:
        """Return the name of a (source, service); '' stands for meters nobody declared."""
        source_name, service_name = service
        return service_name or f"{NO_SERVICE}, {self.source(source_name)}"


def names_of(data: ReportData) -> Names:
    """Return the names that stand in the data."""
    teams = {team.team: team.team_name for team in data.teams if team.team_name}
    sources: dict[str, str] = {}
    for cost in data.costs:
        spelled = (cost.service_name or "")[: len(cost.source_name)]
        if spelled.lower() == cost.source_name.lower():
            sources.setdefault(cost.source_name, spelled)
    return Names({UNALLOCATED: "Unallocated", **teams}, sources)


def resource_name(cost: UnallocatedCost) -> str:
    """Return the most telling name of what the cost is for."""
    return cost.resource_name or cost.resource_key or f"account {cost.account_key}"


def shown_month(day: date) -> str:
    """Return the month of a day, such as October 2026."""
    return f"{_MONTHS[day.month - 1]} {day.year}"


def shown_day(day: date) -> str:
    """Return a day, such as 7 Oct 2026."""
    return f"{day.day} {_MONTHS[day.month - 1][:3]} {day.year}"
