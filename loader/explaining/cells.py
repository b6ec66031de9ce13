"""The cell of a mart that is asked about, its amount, and what there is where there is no cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

from psycopg import Connection, sql

from loader import relations
from loader.errors import NotFoundError, UsageError
from loader.tracing.facts import Row, read

_NEEDED = (
    "marts.rpt_costs_daily",
    "marts.rpt_costs_monthly",
    "marts.fct_charges",
    "marts.fct_usage_hourly",
    "marts.dim_prices",
    "intermediate.int_allocation__lines",
    "intermediate.int_allocation__direct",
    "intermediate.int_allocation__owned",
    "intermediate.int_allocation__owners",
    "intermediate.int_charges__prices_in_force",
    "reference.attribution_rules",
    "reference.shared_cost_rules",
)
_UNALLOCATED = "unallocated"
_AMOUNT = """
    select currency, sum({cost}) as amount, count(*) as rows
    from {mart}
    where team = %(team)s and {period} = %(period)s
    and (%(source)s::text is null or source_name = %(source)s)
    and (%(service)s::text is null or service_name = %(service)s)
    and (%(currency)s::text is null or currency = %(currency)s)
    group by currency
    order by currency
"""
_MONTHS = """
    select to_char(billing_period, 'YYYY-MM') as month from marts.rpt_costs_monthly
    where team = any(%s) group by billing_period order by billing_period
"""
_STATEMENTS = "marts.rpt_chargeback_monthly"
_CORRECTED = f"""
    select from {_STATEMENTS}
    where team = %(team)s and billing_period = %(month)s and corrects_period is not null limit 1
"""
_CELLS = """
    select distinct source_name, service_name, currency from marts.rpt_costs_monthly
    where team = %(team)s and billing_period = %(month)s order by 1, 2, 3
"""
_DAYS = """
    select min(usage_date) as first, max(usage_date) as last from marts.rpt_costs_daily
    where team = %(team)s and usage_date >= %(month)s
    and usage_date < %(month)s::date + interval '1 month'
"""
# A team above others has no cost of its own; those below it do.
_BELOW = """
    with recursive below as (
        select team from reference.teams where parent_team = %(team)s
        union
        select teams.team from reference.teams inner join below on teams.parent_team = below.team
    )
    select distinct team from marts.rpt_costs_monthly inner join below using (team) order by team
"""


class Cost(StrEnum):
    """The costs that both marts have; each cell is explained for one of them."""

    EFFECTIVE = "effective"
    LIST = "list"
    BILLED = "billed"


@dataclass(frozen=True)
class Cell:
    """A team's month, or one day of it, all of it or one source, service or currency.

    `amount` is what the mart says, in `currency`; `mart` is its name and `rows` how many of its
    rows this is.
    """

    team: str
    month: date
    day: date | None
    source: str | None
    service: str | None
    cost: Cost
    currency: str | None
    mart: str = ""
    rows: int = 0
    amount: Decimal = Decimal(0)

    @property
    def column(self) -> str:
        """Name of the cost's column, in all tables of costs."""
        return f"{self.cost}_cost"

    @property
    def period(self) -> str:
        """The month or the day, as ISO 8601 writes it."""
        return f"{self.month:%Y-%m}" if self.day is None else self.day.isoformat()

    @property
    def parameters(self) -> Mapping[str, object]:
        """What queries ask for."""
        return {
            "team": self.team,
            "month": self.month,
            "day": self.day,
            "period": self.day or self.month,
            "source": self.source,
            "service": self.service,
            "currency": self.currency,
        }


def find_cell(connection: Connection[Any], asked: Cell) -> Cell:
    """Return the cell as the mart has it.

    Raises `NotFoundError` where nothing was built, or there is no such team, month or cell, and
    says what there is; `UsageError` where the cell has several currencies, which do not add up.
    """
    missing = sorted(relations.missing(connection, *_NEEDED))
    if missing:
        message = f"the database has no {missing[0]}"
        raise NotFoundError(message, "not built yet: make build")
    monthly = asked.day is None
    mart = "rpt_costs_monthly" if monthly else "rpt_costs_daily"
    query = sql.SQL(_AMOUNT).format(
        cost=sql.Identifier(asked.column),
        mart=sql.Identifier("marts", mart),
        period=sql.Identifier("billing_period" if monthly else "usage_date"),
    )
    found = read(connection, query, asked.parameters)
    if not found:
        raise _not_found(connection, asked)
    if len(found) > 1:
        currencies = [row["currency"] for row in found]
        message = f"{asked.team} has costs in {' and '.join(currencies)}, which do not add up"
        raise UsageError(message, f"name one with: --currency {currencies[0]}")
    (row,) = found
    filled = {name: getattr(asked, name) for name in ("team", "month", "day", "source", "service")}
    return Cell(
        **filled,
        cost=asked.cost,
        currency=row["currency"],
        mart=mart,
        rows=row["rows"],
        amount=row["amount"],
    )


def _not_found(connection: Connection[Any], asked: Cell) -> NotFoundError:
    """Return the error that says how far the question holds, and what there is from there on."""
    months = [row["month"] for row in read(connection, _MONTHS, [[asked.team]])]
    if not months:
        return _no_costs(connection, asked)
    if f"{asked.month:%Y-%m}" not in months:
        message = f"{asked.team} has no cost in {asked.month:%Y-%m}"
        hints = [f"months with cost: {', '.join(months)}"]
        if relations.exists(connection, _STATEMENTS) and read(
            connection, _CORRECTED, asked.parameters
        ):
            question = f"loader explain {asked.team} {asked.month:%Y-%m} --statement"
            hints.append(f"its statement corrects closed months: {question}")
        return NotFoundError(message, *hints)
    cells = read(connection, _CELLS, asked.parameters)
    if not any(_matches(cell, asked) for cell in cells):
        message = f"{asked.team} has no such cost in {asked.month:%Y-%m}"
        return NotFoundError(message, *_alike(cells, asked), *map(_named, cells))
    days = read(connection, _DAYS, asked.parameters)[0]
    message = f"{asked.team} has no such cost on {asked.day}"
    return NotFoundError(message, f"days of the month with cost: {days['first']} to {days['last']}")


def _alike(cells: Sequence[Row], asked: Cell) -> list[str]:
    """Return what was meant where a source or service is spelled in another way."""
    hints = []
    for column, option, value in (
        ("source_name", "--source", asked.source),
        ("service_name", "--service", asked.service),
    ):
        by_case = {cell[column].lower(): cell[column] for cell in cells if cell[column]}
        if value is not None and value not in by_case.values():
            close = get_close_matches(value.lower(), by_case, n=1)
            hints += [f'did you mean {option} "{by_case[name]}"?' for name in close]
    return hints


def _matches(cell: Row, asked: Cell) -> bool:
    wanted = {
        "source_name": asked.source,
        "service_name": asked.service,
        "currency": asked.currency,
    }
    return all(value is None or cell[name] == value for name, value in wanted.items())


def _named(cell: Row) -> str:
    service = "" if cell["service_name"] is None else f' --service "{cell["service_name"]}"'
    return f"--source {cell['source_name']}{service}"


def _no_costs(connection: Connection[Any], asked: Cell) -> NotFoundError:
    """Return the error on a team that has no cost in any month."""
    teams = [row["team"] for row in read(connection, "select team from reference.teams", [])]
    if asked.team in {*teams, _UNALLOCATED}:
        below = [row["team"] for row in read(connection, _BELOW, asked.parameters)]
        hint = f"teams below it with cost: {', '.join(below)}" if below else "no month has any"
        return NotFoundError(f"{asked.team} has no cost of its own", hint)
    alike = get_close_matches(asked.team, [*teams, _UNALLOCATED], n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(alike)}?" if alike else f"teams: {', '.join(sorted(teams))}"
    return NotFoundError(f"there is no team {asked.team}", hint)
