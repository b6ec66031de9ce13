"""Other seeds are built beside the marts: who gains, who loses, and nothing of it is left."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sample_totals

ROOT = Path(__file__).parents[2]
SCRATCH = "select nspname from pg_namespace where starts_with(nspname, 'what_if_') order by 1"
TEAMS = (
    "select team, sum(effective_cost) from marts.rpt_costs_monthly"
    " where billing_period = '2026-10-01' group by team"
)
Row = dict[str, str]


@pytest.fixture
def marts(built: object) -> Iterator[psycopg.Connection]:
    assert built is not None
    with psycopg.connect("", autocommit=True) as connection:
        yield connection


def command(folder: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "loader", "what-if", "--seeds", str(folder), *options]


def what_if(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, *options),
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )


def supposed(folder: Path, *options: str) -> dict[str, Any]:
    result = what_if(folder, "--json", *options)
    assert result.returncode == 0, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def rewrite(folder: Path, seed: str, change: Callable[[Row], Row | None]) -> None:
    """Write the seed into the folder with each row changed, or left out."""
    with (sample_totals.SEEDS / f"{seed}.csv").open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    kept = [changed for row in rows if (changed := change(dict(row))) is not None]
    with (folder / f"{seed}.csv").open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept)


def digest(marts: psycopg.Connection) -> object:
    """Return what must stay as it is: costs, charges, raw rows, ledger, builds."""
    tables = (
        *("marts.rpt_costs_monthly", "marts.fct_charges", "reference.prices"),
        *("loader.loads", "loader.builds", "raw_tecton.billable_usage_v2"),
    )
    return [
        marts.execute(
            f"select count(*), sum(hashtextextended(t::text, 0)) from {table} as t"
        ).fetchone()
        for table in tables
    ]


def nothing_is_left(marts: psycopg.Connection) -> bool:
    folders = list((ROOT / "target").glob("what_if_*"))
    return marts.execute(SCRATCH).fetchall() == [] and folders == []


def test_equal_seeds_change_nothing(marts: psycopg.Connection, tmp_path: Path) -> None:
    rewrite(tmp_path, "prices", lambda row: row)
    (tmp_path / "prices.csv").write_bytes((sample_totals.SEEDS / "prices.csv").read_bytes())
    document = supposed(tmp_path, "--month", "2026-10")
    assert document["changed_seeds"] == []
    assert {row["team"]: Decimal(row["before"]) for row in document["teams"]} == dict(
        marts.execute(TEAMS).fetchall()
    )
    for row in [*document["teams"], *document["totals"]]:
        assert (row["before"], row["delta"]) == (row["after"], "0")
    assert nothing_is_left(marts)


def test_what_says_the_same_is_not_built(marts: psycopg.Connection, tmp_path: Path) -> None:
    rewrite(tmp_path, "teams", lambda row: row)
    seed = tmp_path / "teams.csv"
    seed.write_bytes(b"\xef\xbb\xbf" + seed.read_bytes().replace(b"\n", b"\r\n"))
    result = what_if(tmp_path)
    assert (result.returncode, result.stdout) == (
        0,
        "nothing differs: these seeds say what the project's say\n",
    )
    assert nothing_is_left(marts)


def test_a_month_without_cost_is_said_with_the_months_that_have_some(
    marts: psycopg.Connection, tmp_path: Path
) -> None:
    rewrite(tmp_path, "teams", lambda row: row)
    result = what_if(tmp_path, "--month", "2020-01")
    assert result.returncode == 1
    assert "there is no effective_cost in 2020-01, with these seeds or without" in result.stderr
    assert "months with cost: 2026-10" in result.stderr
    assert nothing_is_left(marts)


def test_a_row_in_another_order_is_built_and_changes_nothing(
    marts: psycopg.Connection, tmp_path: Path
) -> None:
    lines = (sample_totals.SEEDS / "prices.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "prices.csv").write_text("\n".join([lines[0], *lines[:0:-1], ""]), encoding="utf-8")
    document = supposed(tmp_path)
    assert document["changed_seeds"] == ["prices"]
    assert {row["delta"] for row in [*document["teams"], *document["totals"]]} == {"0"}
    assert nothing_is_left(marts)


def test_another_price_changes_what_it_covers_and_nothing_else(
    marts: psycopg.Connection, tmp_path: Path
) -> None:
    before = digest(marts)
    meter = "databricks:PREMIUM_JOBS_COMPUTE_(PHOTON)"

    def double(row: Row) -> Row:
        price = row["contracted_unit_price"]
        return (
            row | {"contracted_unit_price": str(2 * Decimal(price))}
            if row["meter_id"] == meter and price
            else row
        )

    rewrite(tmp_path, "prices", double)
    document = supposed(tmp_path, "--month", "2026-10")
    # Each charge is rounded once, so twice the price is not twice the sum.
    expected = marts.execute(
        "select sum(round(2 * contracted_unit_price * quantity, 12) - effective_cost)"
        " from marts.fct_charges where meter_id = %s",
        [meter],
    ).fetchone()
    (total,) = document["totals"]
    assert (Decimal(total["delta"]),) == expected
    assert Decimal(total["delta"]) > 0
    assert Decimal(total["before"]) == sum(dict(marts.execute(TEAMS).fetchall()).values())
    assert sum(Decimal(row["delta"]) for row in document["teams"]) == Decimal(total["delta"])
    assert digest(marts) == before
    assert nothing_is_left(marts)


def test_another_rule_moves_cost_and_keeps_the_total(
    marts: psycopg.Connection, tmp_path: Path
) -> None:
    fee = {"rule_id": "tecton-platform-fee"}
    fixed = {"method": "fixed", "driver_meter_id": ""}
    rewrite(
        tmp_path,
        "shared_cost_rules",
        lambda row: row | fixed if fee.items() <= row.items() else row,
    )
    targets = sample_totals.SEEDS / "shared_cost_targets.csv"
    text = targets.read_text(encoding="utf-8") + "tecton-platform-fee,risk,1\n"
    (tmp_path / targets.name).write_text(text, encoding="utf-8")
    document = supposed(tmp_path)
    shares = dict(
        marts.execute(
            "select team, sum(effective_cost) from marts.fct_cost_shares"
            " where shared_cost_rule_id = %(rule_id)s group by team",
            fee,
        ).fetchall()
    )
    expected = {team: -share for team, share in shares.items()}
    expected["risk"] += sum(shares.values())
    changed = {
        row["team"]: Decimal(row["delta"]) for row in document["teams"] if row["delta"] != "0"
    }
    assert changed == expected
    assert len(changed) == 4
    assert document["totals"][0]["delta"] == "0"
    assert document["unpriced"] == supposed_unpriced(marts)
    assert nothing_is_left(marts)


def supposed_unpriced(marts: psycopg.Connection) -> list[dict[str, Any]]:
    """Return the usage without a price as `what-if` prints it where none of it changed."""
    rows = marts.execute(
        "select source_name, meter_id, unit, trim_scale(sum(quantity))::text, sum(charges)::bigint"
        " from marts.rpt_unpriced_usage group by 1, 2, 3 order by 1, 2, 3"
    ).fetchall()
    return [
        {
            "source_name": source,
            "meter_id": meter,
            "unit": unit,
            "quantity_before": quantity,
            "quantity_after": quantity,
            "charges_before": charges,
            "charges_after": charges,
        }
        for source, meter, unit, quantity, charges in rows
    ]


def test_a_price_that_is_gone_shows_as_usage_without_one(
    marts: psycopg.Connection, tmp_path: Path
) -> None:
    meter = "tecton:REAL_TIME_COMPUTE_DURATION_HOURS"
    rewrite(tmp_path, "prices", lambda row: None if row["meter_id"] == meter else row)
    result = what_if(tmp_path)
    assert result.returncode == 0, result.stderr
    charges, quantity = marts.execute(
        "select count(*), trim_scale(sum(quantity)) from marts.fct_charges where meter_id = %s",
        [meter],
    ).fetchone() or (0, 0)
    expected = (
        f"without a price: {meter}, 0 (0 charges) before, {quantity:,f} ({charges:,} charges) after"
    )
    assert expected in result.stdout
    assert nothing_is_left(marts)


def test_a_bad_seed_is_refused_with_its_row(marts: psycopg.Connection, tmp_path: Path) -> None:
    rewrite(
        tmp_path,
        "attribution_rules",
        lambda row: row | {"team": "nobody"} if row["rule_id"] == "tecton-fraud" else row,
    )
    result = what_if(tmp_path)
    assert result.returncode == 1
    lines = (tmp_path / "attribution_rules.csv").read_text(encoding="utf-8").splitlines()
    (number,) = [number for number, line in enumerate(lines, 1) if "tecton-fraud" in line]
    assert f"{tmp_path / 'attribution_rules.csv'}:{number}" in result.stderr
    assert "nobody" in result.stderr
    assert nothing_is_left(marts)


def test_a_seed_of_the_project_that_no_longer_fits_is_named_where_it_is(
    marts: psycopg.Connection, tmp_path: Path
) -> None:
    rewrite(tmp_path, "teams", lambda row: None if row["team"] == "growth" else row)
    result = what_if(tmp_path)
    assert result.returncode == 1
    place = (sample_totals.SEEDS / "budgets.csv").relative_to(ROOT)
    assert f"{place}:3: team is not in teams.csv: 'growth'" in result.stderr
    assert "what_if_" not in result.stderr
    assert nothing_is_left(marts)


def test_a_missing_exchange_rate_is_told_with_the_row_to_add(
    marts: psycopg.Connection, tmp_path: Path
) -> None:
    price = "demo-tecton-online-write-rows"
    rewrite(
        tmp_path,
        "prices",
        lambda row: row | {"currency": "EUR"} if row["price_id"] == price else row,
    )
    result = what_if(tmp_path)
    assert result.returncode == 1
    used = marts.execute(
        "select trim_scale(sum(quantity)) from marts.fct_usage_hourly"
        " where meter_id = 'tecton:ONLINE_WRITE_ROWS'"
    ).fetchone()
    assert used is not None
    told = [line.strip() for line in result.stderr.splitlines()]
    needed_by = f"needed by prices.csv: {price} ({used[0]} Rows)"
    assert told[told.index("1 row is wrong") :] == [
        "1 row is wrong",
        f"2026-10 has no exchange rate from EUR to USD, {needed_by}",
        "add to exchange_rates.csv: 2026-10-01,EUR,USD,<rate>,<where the rate comes from>",
    ]
    assert nothing_is_left(marts)


def test_a_file_that_is_no_seed_is_refused(built: object, tmp_path: Path) -> None:
    assert built is not None
    for name in ("price.csv", "team.csv"):
        (tmp_path / name).write_text("price_id\n", encoding="utf-8")
    result = what_if(tmp_path)
    assert result.returncode == 2
    assert f"{tmp_path}/price.csv: is no seed of this project" in result.stderr
    assert f"{tmp_path}/team.csv: is no seed of this project" in result.stderr
    assert "did you mean prices.csv, teams.csv?" in result.stderr


def test_an_end_by_signal_leaves_nothing(marts: psycopg.Connection, tmp_path: Path) -> None:
    rewrite(tmp_path, "teams", lambda row: row | {"team_name": row["team_name"] + "!"})
    with subprocess.Popen(
        command(tmp_path), cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        deadline = time.monotonic() + 300
        while not marts.execute(SCRATCH).fetchall():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=300)
    assert process.returncode == 130
    assert nothing_is_left(marts)


def test_what_is_kept_is_said_and_what_a_killed_run_left_is_dropped_by_the_next(
    marts: psycopg.Connection, tmp_path: Path
) -> None:
    marts.execute("create schema what_if_00000000_marts")
    (ROOT / "target" / "what_if_00000000" / "seeds").mkdir(parents=True)
    rewrite(tmp_path, "teams", lambda row: row | {"team_name": row["team_name"] + "!"})
    document = supposed(tmp_path, "--keep")
    kept = document["kept"]
    schemas = [name for (name,) in marts.execute(SCRATCH).fetchall()]
    try:
        assert f"{kept}_marts" in schemas
        assert not list((ROOT / "target").glob("what_if_*"))
        assert all(name.startswith(kept) for name in schemas)
        again = supposed(tmp_path)
        assert again["kept"] is None
        assert [name for (name,) in marts.execute(SCRATCH).fetchall()] == schemas
    finally:
        for name in schemas:
            marts.execute(f"drop schema {name} cascade")
