"""One FOCUS export: what is asked, read as of one moment, and put in place as a whole."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import class_row, scalar_row

from loader.errors import NotFoundError, UsageError
from loader.focus.columns import RELATION, Column, read_columns
from loader.focus.metadata import metadata_document
from loader.focus.writing import Digest, Report, write_csv, write_parquet
from loader.one_moment import one_moment
from loader.output_files import replaced

Progress = Callable[[int], AbstractContextManager[Report]]

_TOTALS = """
select
    "BillingCurrency" as currency,
    count(*) as rows,
    sum("ListCost") as list_cost,
    sum("ContractedCost") as contracted_cost,
    sum("EffectiveCost") as effective_cost,
    sum("BilledCost") as billed_cost
from {} where {}
group by "BillingCurrency"
order by "BillingCurrency"
"""
_MONTHS = """
select distinct ("BillingPeriodStart" at time zone 'UTC')::date as month from {} order by month
"""
_PROVIDERS = "reference.focus_providers"
_TAG_PREFIXES = "select tag_prefix from reference.focus_providers order by tag_prefix"


class Format(StrEnum):
    """What a file's ending says it is."""

    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True)
class FocusTotals:
    """The exact sums of the rows in one BillingCurrency."""

    currency: str
    rows: int
    list_cost: Decimal
    contracted_cost: Decimal
    effective_cost: Decimal
    billed_cost: Decimal


@dataclass(frozen=True)
class FocusExport:
    """What was written: both files, and what the data file holds. `months` are first days."""

    file: str
    metadata: str
    format: Format
    rows: int
    bytes: int
    sha256: str
    months: Sequence[date]
    totals: Sequence[FocusTotals]


def format_of(out: Path) -> Format:
    """Return the format the file's ending names; raise `UsageError` for any other ending."""
    try:
        return Format(out.suffix.lower().removeprefix("."))
    except ValueError:
        message = f"--out: {out}: the ending says neither CSV nor Parquet"
        raise UsageError(message, "name a file that ends in .csv or .parquet") from None


def export_focus(
    connection: Connection[Any], out: Path, month: date | None, progress: Progress
) -> FocusExport:
    """Write the mart, or a month of it, to `out`, and the metadata to `out`.metadata.json.

    Both are there whole or not at all; the data comes last, so whoever sees it finds its metadata.
    `progress` is given the number of rows to come. The connection must not be inside a
    transaction. Raises `UsageError` when the mart was not built or a file cannot be written,
    `NotFoundError` when there is nothing to write.
    """
    kind = format_of(out)
    with one_moment(connection, (RELATION, _PROVIDERS)):
        columns = read_columns(connection)
        months = _months(connection, month)
        condition = _condition(month)
        totals = _totals(connection, condition)
        with replaced(out) as stream, progress(sum(total.rows for total in totals)) as report:
            data = Digest(stream)
            write = write_csv if kind is Format.CSV else write_parquet
            rows = write(connection, columns, condition, data, report)
            result = FocusExport(
                str(out),
                str(metadata_path(out)),
                kind,
                rows,
                data.bytes,
                data.sha256,
                months,
                totals,
            )
            _write_metadata(connection, columns, result)
    return result


def metadata_path(out: Path) -> Path:
    """Return where the metadata of a data file stands."""
    return out.with_name(f"{out.name}.metadata.json")


def _condition(month: date | None) -> sql.Composable:
    if month is None:
        return sql.SQL("true")
    return sql.SQL("\"BillingPeriodStart\" = {}::timestamp at time zone 'UTC'").format(
        sql.Literal(month.isoformat())
    )


def _months(connection: Connection[Any], month: date | None) -> Sequence[date]:
    with connection.cursor(row_factory=scalar_row) as cursor:
        months = cursor.execute(sql.SQL(_MONTHS).format(sql.SQL(RELATION))).fetchall()
    if not months:
        message = f"{RELATION} holds no charges"
        raise NotFoundError(message, "load exports, add prices, then run make build")
    if month is None:
        return months
    if month not in months:
        names = ", ".join(f"{known:%Y-%m}" for known in months)
        message = f"--month: there are no charges in {month:%Y-%m}"
        raise NotFoundError(message, f"months with charges: {names}")
    return [month]


def _totals(connection: Connection[Any], condition: sql.Composable) -> Sequence[FocusTotals]:
    query = sql.SQL(_TOTALS).format(sql.SQL(RELATION), condition)
    with connection.cursor(row_factory=class_row(FocusTotals)) as cursor:
        return cursor.execute(query).fetchall()


def _write_metadata(
    connection: Connection[Any], columns: Sequence[Column], result: FocusExport
) -> None:
    with connection.cursor(row_factory=scalar_row) as cursor:
        prefixes = cursor.execute(_TAG_PREFIXES).fetchall()
    dataset = {
        "File": Path(result.file).name,
        "Rows": result.rows,
        "Sha256": result.sha256,
        "Months": [f"{month:%Y-%m}" for month in result.months],
        # As text, so that no reader makes a float of an amount.
        "Totals": [
            {
                "BillingCurrency": total.currency,
                "ListCost": str(total.list_cost),
                "ContractedCost": str(total.contracted_cost),
                "EffectiveCost": str(total.effective_cost),
                "BilledCost": str(total.billed_cost),
            }
            for total in result.totals
        ],
    }
    with replaced(Path(result.metadata)) as stream:
        stream.write(metadata_document(columns, prefixes, dataset))
