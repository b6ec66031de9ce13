"""The report's HTML: the view filled into the templates, with style, script and library inside.

Names in the data are untrusted: the templates escape everything, the figures for the charts are
JSON in which `<` is escaped, and a content security policy lets only our own scripts run, and
nothing be fetched.
"""

import base64
import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from loader.budget_share import in_percent
from loader.decimals import plain_number
from loader.report.budgets import BudgetLine
from loader.report.cents import to_cents
from loader.report.cost_table import shown_money
from loader.report.names import shown_day, shown_month
from loader.report.trust import Restatement
from loader.report.view import PageView

LIBRARY = "echarts.common.min.js"
# One script on the page, of several files: each may use what stands in those before it.
SCRIPTS = (
    "cents.js",
    "costs.js",
    "tables.js",
    "charts.js",
    "filters.js",
    "forecast.js",
    "workers.js",
    "report.js",
)
# Shown where there is no amount, which is not 0.
NONE = "–"  # noqa: RUF001

_WIDEST = Decimal(4)
_WHOLE = Decimal(100)
_WIDE = Context(prec=100)
_SIGNIFICANT = Context(prec=3, rounding=ROUND_HALF_UP)


def page_html(page: PageView) -> str:
    """Return the whole page; the same view gives the same text."""
    library, script = _asset(LIBRARY), _script()
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            page=page,
            # Our own files, and digests of them: not to be escaped.
            style=Markup(_asset("report.css")),  # noqa: S704
            library=Markup(library),  # noqa: S704
            script=Markup(script),  # noqa: S704
            script_hashes=Markup(" ".join(map(_script_hash, (library, script)))),  # noqa: S704
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("loader.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "ensure_ascii": False}
    environment.globals["none_shown"] = NONE
    environment.filters |= {
        "budget_scale": _budget_scale,
        "cell": _cell,
        "cents": to_cents,
        "count": _count,
        "day": shown_day,
        "first_day": _first_day,
        "hour": _hour,
        "hours": _hours,
        "iso_month": _iso_month,
        "last_day": _last_day,
        "minute": _minute,
        "money": shown_money,
        "month": shown_month,
        "part_of": _part_of,
        "percent": _percent,
        "budget_percent": _budget_percent,
        "period": _period,
        "plain": plain_number,
        "quantity": _quantity,
        "short_day": _short_day,
        "touched_months": _touched_months,
    }
    return environment


@cache
def _asset(name: str) -> str:
    return (resources.files("loader.report") / "assets" / name).read_text(encoding="utf-8")


@cache
def _script() -> str:
    parts = "\n".join(map(_asset, SCRIPTS))
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _script_hash(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _cell(cents: int | None) -> str:
    return NONE if cents is None else shown_money(cents)


def _count(number: int) -> str:
    return f"{number:,}"


def _percent(share: Decimal | None) -> str:
    """Return a share in percent; what is not nothing is never 0.0%, nor less than all 100.0%."""
    if share is None:
        return NONE
    shown = (share * _WHOLE).quantize(Decimal("0.1"), ROUND_HALF_UP)
    if not shown and share > 0:
        return "<0.1%"
    if shown == _WHOLE and share < 1:
        return ">99.9%"
    return f"{shown:,}%"


def _budget_percent(share: Decimal | None) -> str:
    return NONE if share is None else f"{in_percent(share)}%"


def _part_of(part: Decimal | int, whole: Decimal | int) -> str:
    """Return the percentage a bar is long, from 0 to 100."""
    share = Decimal(part) / whole * _WHOLE if whole else Decimal(0)
    return f"{min(max(share, Decimal(0)), _WHOLE):.2f}"


def _budget_scale(budgets: Iterable[BudgetLine]) -> Decimal:
    """Return the share of a budget that a full bar stands for: all budgets have one scale.

    One of a cent that is spent ten thousand times over leaves the others their bars.
    """
    shares = (budget.share or Decimal(0) for budget in budgets)
    return max(shares, default=Decimal(1)).max(1).min(_WIDEST)


def _quantity(quantity: Decimal) -> str:
    """Return a quantity with two decimals, a small one with three digits that are not 0."""
    if abs(quantity) < 1:
        return plain_number(_SIGNIFICANT.plus(quantity))
    rounded = quantity.quantize(Decimal("0.01"), ROUND_HALF_UP, _WIDE)
    return f"{rounded:,f}".removesuffix(".00")


def _period(first: date, last: date) -> str:
    """Return the days from the first to the last, such as 1 to 31 Oct 2026."""
    if (first.year, first.month) == (last.year, last.month):
        return shown_day(last) if first.day == last.day else f"{first.day} to {shown_day(last)}"
    return f"{shown_day(first)} to {shown_day(last)}"


def _minute(moment: datetime) -> str:
    return f"{_hour(moment)} UTC"


def _hour(moment: datetime) -> str:
    """Return a moment's UTC day and minute, where the head of the column says UTC."""
    moment = moment.astimezone(UTC)
    return f"{shown_day(moment)}, {moment:%H:%M}"


def _first_day(start: datetime) -> date:
    """Return the UTC day of a moment, which comes in the session's time zone."""
    return start.astimezone(UTC).date()


def _last_day(end: datetime) -> date:
    """Return the last day of a period whose end is given, which is not in it."""
    return (end.astimezone(UTC) - timedelta(microseconds=1)).date()


def _iso_month(day: date) -> str:
    return f"{day:%Y-%m}"


def _touched_months(restated: Restatement) -> str:
    """Return the months from the first to the last day that was restated."""
    months, month = [], restated.first_day.replace(day=1)
    while month <= restated.last_day:
        months.append(_iso_month(month))
        month = (month + timedelta(days=31)).replace(day=1)
    return " ".join(months)


def _short_day(day: date) -> str:
    return shown_day(day).rpartition(" ")[0]


def _hours(hours: Decimal | int | None) -> str:
    return NONE if hours is None else f"{Decimal(hours).quantize(Decimal(1), ROUND_HALF_UP):,}"
