"""`loader export focus`: cells, types, metadata, and what is left when something goes wrong."""

import csv
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
import pyarrow as pa
import pytest
from pyarrow import parquet

from loader.focus import writing

Run = Callable[..., tuple[int, str, str]]
Connect = Callable[[], psycopg.Connection]

OCTOBER, NOVEMBER = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
# Whatever a spreadsheet would run, among text it would not.
FORMULAS = ("=1+1", "+1", "-1", "@sum(a1)", "\t=1", "\r=1", "\uff1d1+1")
TEXTS = ("a=1", "'=1", "4821930571648205", 'say "x", then\nstop', "Zürich", "")
COSTS = (Decimal("-0.000000000001"), Decimal("12345678901234567890123456.123456789012"), None)


@pytest.fixture
def mart(connect: Connect) -> psycopg.Connection:
    connection = connect()
    connection.execute(
        """
        create schema marts;
        create schema reference;
        create table reference.focus_providers as select 'acme/' as tag_prefix;
        create table marts.focus_cost_and_usage (
            "BillingCurrency" text, "BillingPeriodStart" timestamptz, "ListCost" numeric(38, 12),
            "ContractedCost" numeric(38, 12), "EffectiveCost" numeric(38, 12),
            "BilledCost" numeric(38, 12), "ResourceName" text, "Tags" jsonb, "x_LoadId" bigint,
            "x_ChargeId" uuid
        )
        """
    )
    return connection


def fill(connection: psycopg.Connection, *names: str | None, month: datetime = OCTOBER) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into marts.focus_cost_and_usage values"
            " ('USD', %s, 3, 2, 1, -1, %s, '{\"a\": \"=1\"}', 7, gen_random_uuid())",
            [(month, name) for name in names],
        )


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines, strict=True))


def test_a_mart_that_was_not_built_says_so(connect: Connect, run: Run, tmp_path: Path) -> None:
    connect()
    assert run("export", "focus", "--out", str(tmp_path / "x.csv")) == (
        2,
        "",
        (
            "error: the database has no marts.focus_cost_and_usage and 1 more\n"
            "  run make build first\n"
        ),
    )
    assert list(tmp_path.iterdir()) == []


MISTAKES = {
    ("--out", "x.xlsx"): (
        2,
        "--out: x.xlsx: the ending says neither CSV nor Parquet",
        "name a file that ends in .csv or .parquet",
    ),
    ("--out", "x.csv", "--month", "October"): (
        2,
        "--month: is no month: 'October'",
        "expected a year and a month, such as 2026-10",
    ),
    ("--out", "x.csv", "--month", "2026-09"): (
        1,
        "--month: there are no charges in 2026-09",
        "months with charges: 2026-10, 2026-11",
    ),
    ("--out", "no/such/x.csv"): (
        2,
        "no/such/x.csv: cannot be written: No such file or directory",
        "name a file in a folder that exists and is yours to write to",
    ),
}


@pytest.mark.parametrize("arguments", MISTAKES)
def test_wrong_usage_is_explained(
    mart: psycopg.Connection,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    arguments: tuple[str, ...],
) -> None:
    fill(mart, "a")
    fill(mart, "b", month=NOVEMBER)
    monkeypatch.chdir(tmp_path)
    code, error, hint = MISTAKES[arguments]
    assert run("export", "focus", *arguments) == (code, "", f"error: {error}\n  {hint}\n")
    assert list(tmp_path.iterdir()) == []


def test_a_mart_without_charges_is_no_file(
    mart: psycopg.Connection, run: Run, tmp_path: Path
) -> None:
    assert mart
    code, out, err = run("export", "focus", "--out", str(tmp_path / "x.csv"))
    assert (code, out) == (1, "")
    assert "holds no charges" in err
    assert list(tmp_path.iterdir()) == []


def test_another_schema_is_refused(
    mart: psycopg.Connection, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(mart, "a")
    monkeypatch.setenv("DBT_SCHEMA", "someone")
    code, _out, err = run("export", "focus", "--out", str(tmp_path / "x.csv"))
    assert (code, err.split(":")[1]) == (2, " DBT_SCHEMA is set")


def test_formulas_are_text_in_csv_and_nothing_else_changes(
    mart: psycopg.Connection, run: Run, tmp_path: Path
) -> None:
    fill(mart, *FORMULAS, *TEXTS)
    out = tmp_path / "x.csv"
    assert run("export", "focus", "--out", str(out))[0] == 0

    rows = rows_of(out)
    assert [row["ResourceName"] for row in rows] == [f"'{text}" for text in FORMULAS] + list(TEXTS)
    assert {row["BilledCost"] for row in rows} == {"-1.000000000000"}
    assert {row["BillingPeriodStart"] for row in rows} == {"2026-10-01T00:00:00Z"}
    assert {row["Tags"] for row in rows} == {'{"a": "=1"}'}


def test_parquet_is_typed_and_exact(mart: psycopg.Connection, run: Run, tmp_path: Path) -> None:
    fill(mart, *FORMULAS, *TEXTS, None)
    for cost in COSTS:
        mart.execute(
            "insert into marts.focus_cost_and_usage values ('EUR', %s, %s, 0, 0, 0)",
            [OCTOBER, cost],
        )
    out = tmp_path / "x.parquet"
    assert run("export", "focus", "--out", str(out))[0] == 0

    table = parquet.read_table(out)
    money = pa.decimal128(38, 12)
    assert {field.name: field.type for field in table.schema} == {
        "BillingCurrency": pa.string(),
        "BillingPeriodStart": pa.timestamp("us", tz="UTC"),
        "ListCost": money,
        "ContractedCost": money,
        "EffectiveCost": money,
        "BilledCost": money,
        "ResourceName": pa.string(),
        "Tags": pa.string(),
        "x_LoadId": pa.int64(),
        "x_ChargeId": pa.string(),
    }
    names = table["ResourceName"].to_pylist()
    # Parquet is for programs: text is as it is, and nothing is not the same as empty.
    assert names == [*FORMULAS, *TEXTS, None, None, None, None]
    assert tuple(table["ListCost"].to_pylist()[-3:]) == COSTS
    assert set(table["BillingPeriodStart"].to_pylist()) == {OCTOBER}


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_metadata_describes_the_file(
    mart: psycopg.Connection, run: Run, tmp_path: Path, ending: str
) -> None:
    fill(mart, "a", "b")
    fill(mart, "c", month=NOVEMBER)
    out = tmp_path / f"x.{ending}"
    code, printed, err = run("export", "focus", "--out", str(out), "--month", "2026-10", "--json")
    assert code == 0, err
    summary = json.loads(printed)
    metadata = json.loads(Path(f"{out}.metadata.json").read_text(encoding="utf-8"))

    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    assert (summary["rows"], summary["sha256"]) == (2, digest)
    assert summary["totals"][0]["billed_cost"] == "-2"
    assert metadata["Schema"]["FocusVersion"] == "1.2"
    assert metadata["x_Dataset"]["Sha256"] == digest
    assert metadata["x_Dataset"]["Months"] == ["2026-10"]
    columns = {
        column.pop("ColumnName"): column for column in metadata["Schema"]["ColumnDefinition"]
    }
    assert columns["ListCost"] == {
        "DataType": "DECIMAL",
        "NumericPrecision": 38,
        "NumberScale": 12,
    }
    assert columns["Tags"]["ProviderTagPrefixes"] == ["acme/"]
    assert len(columns) == 10


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_failed_export_leaves_what_was_there(
    mart: psycopg.Connection,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    ending: str,
) -> None:
    fill(mart, "a")
    out = tmp_path / f"x.{ending}"
    out.write_text("yesterday's")

    def full(*_arguments: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.Digest, "write", full)
    code, _out, err = run("export", "focus", "--out", str(out))
    assert (code, err.split("\n")[0]) == (
        2,
        f"error: {out}: cannot be written: No space left on device",
    )
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    assert out.read_text() == "yesterday's"


def test_many_chunks_are_one_file(
    mart: psycopg.Connection, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_CHUNK_BYTES", 100)
    names = [f'name {number}, "quoted"\n' for number in range(50)]
    fill(mart, *names)
    out = tmp_path / "x.parquet"
    assert run("export", "focus", "--out", str(out))[0] == 0
    assert parquet.read_table(out)["ResourceName"].to_pylist() == names
