"""The sample month through every layer: what the marts say against what the files say."""

import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
import sample_totals
from databases import connect_to
from digests import digest_of_marts

ROOT = Path(__file__).parents[2]
DBT = (
    "import sys; from dbt.cli.main import dbtRunner;"
    " sys.exit(not dbtRunner().invoke(sys.argv[1:]).success)"
)


def seeds_in_project() -> str:
    return sample_totals.SEEDS.relative_to(ROOT).as_posix()


@pytest.fixture
def marts(built: object) -> Iterator[psycopg.Connection]:
    assert built is not None
    with psycopg.connect("", autocommit=True) as connection:
        yield connection


def loader(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "loader", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_source_has_usage(marts: psycopg.Connection) -> None:
    rows = marts.execute(
        "select source_name, count(*) > 1000 from marts.fct_usage_hourly group by 1 order by 1"
    ).fetchall()
    assert rows == [
        ("databricks", True),
        ("infrasage", True),
        ("metronome", True),
        ("spacelift", True),
        ("tecton", True),
    ]


def test_quantities_equal_those_in_the_files(marts: psycopg.Connection) -> None:
    rows = marts.execute(
        "select source_name, meter_id, sum(quantity) from marts.fct_usage_hourly group by 1, 2"
    )
    actual = {(source, meter): total for source, meter, total in rows}
    assert actual == sample_totals.expected_quantities()


def test_costs_equal_those_in_the_files_to_the_last_digit(marts: psycopg.Connection) -> None:
    rows = marts.execute(
        "select source_name, sum(effective_cost) from marts.rpt_costs_monthly group by 1"
    )
    assert dict(rows.fetchall()) == sample_totals.expected_costs()


def test_unpriced_usage_is_listed_with_its_quantity(marts: psycopg.Connection) -> None:
    rows = marts.execute("select source_name, meter_id, quantity from marts.rpt_unpriced_usage")
    actual = {(source, meter): quantity for source, meter, quantity in rows}
    assert actual == sample_totals.unpriced_quantities()


def test_teams_add_up_to_the_whole(marts: psycopg.Connection) -> None:
    row = marts.execute(
        "select sum(effective_cost), count(distinct team),"
        " bool_or(team = 'unallocated') from marts.rpt_costs_daily"
    ).fetchone()
    assert row == (sum(sample_totals.expected_costs().values(), Decimal()), 7, True)


def test_rules_change_owners_only_from_their_day(marts: psycopg.Connection) -> None:
    rows = marts.execute(
        "select owners.team, min(charges.charge_date)::text, max(charges.charge_date)::text"
        " from marts.fct_charges as charges"
        " inner join intermediate.int_allocation__owners as owners"
        " on charges.attribution_key = owners.attribution_key"
        " and charges.charge_date >= owners.valid_from and charges.charge_date < owners.valid_to"
        " where charges.resource_key = '8e00f0c8b392983e' group by 1 order by 2"
    ).fetchall()
    assert [team for team, _, _ in rows] == ["growth", "search"]
    assert rows[0][2] < "2026-10-15" <= rows[1][1]


def test_every_suggested_row_fits_its_seed(marts: psycopg.Connection) -> None:
    suggestions = marts.execute(
        "select suggested_fix from marts.rpt_unpriced_usage"
        " union all select suggested_fix from marts.rpt_unallocated_costs"
    ).fetchall()
    assert suggestions
    for (suggestion,) in suggestions:
        rows = re.findall(r"seeds/(\w+)\.csv: (.*?)(?=; seeds/|$)", suggestion)
        assert rows, suggestion
        for name, row in rows:
            header = (sample_totals.SEEDS / f"{name}.csv").read_text().splitlines()[0].split(",")
            (cells,) = csv.reader([row])
            assert len(cells) == len(header), (name, row)


def test_building_again_changes_nothing(marts: psycopg.Connection) -> None:
    before = digest_of_marts(marts)
    result = loader("build", "--json")
    assert result.returncode == 0, result.stderr
    assert digest_of_marts(marts) == before


def test_the_session_s_time_zone_and_date_style_change_no_result(
    marts: psycopg.Connection, tmp_path: Path
) -> None:
    shutil.copyfile(ROOT / "profiles.example.yml", tmp_path / "profiles.yml")
    before = digest_of_marts(marts)
    elsewhere = {"PGTZ": "Pacific/Auckland", "PGDATESTYLE": "German, DMY"}
    with psycopg.connect("", autocommit=True) as connection:
        connection.execute(f"alter database {connection.info.dbname} set timezone = 'Asia/Tokyo'")
    try:
        # Plain dbt, because loader build sets the session itself.
        result = subprocess.run(
            [sys.executable, "-c", DBT, "run", "--quiet", "--profiles-dir", str(tmp_path)],
            cwd=ROOT,
            env=os.environ | elsewhere | {"LOADER_SEEDS": seeds_in_project()},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        assert digest_of_marts(marts) == before
    finally:
        marts.execute(f"alter database {marts.info.dbname} reset timezone")


def test_no_mart_holds_an_e_mail_address_of_a_cluster_s_creator(marts: psycopg.Connection) -> None:
    row = marts.execute(
        "select count(*) from marts.fct_usage_hourly as usage_records"
        " where source_name = 'databricks' and usage_records::text like '%@%'"
    ).fetchone()
    assert row == (0,)


def test_every_column_is_explained_in_the_database(marts: psycopg.Connection) -> None:
    unexplained = marts.execute(
        """
        select namespaces.nspname || '.' || relations.relname || '.' || attributes.attname
        from pg_attribute as attributes
        inner join pg_class as relations on attributes.attrelid = relations.oid
        inner join pg_namespace as namespaces on relations.relnamespace = namespaces.oid
        where
            attributes.attnum > 0
            and not attributes.attisdropped
            and relations.relkind in ('r', 'v')
            and (
                namespaces.nspname in ('marts', 'intermediate', 'staging', 'loader')
                or namespaces.nspname like 'raw\\_%'
            )
            and col_description(relations.oid, attributes.attnum) is null
        order by 1
        """
    ).fetchall()
    assert unexplained == []


def test_the_demo_run_again_changes_nothing(marts: psycopg.Connection, tmp_path: Path) -> None:
    before = digest_of_marts(marts)
    loads = marts.execute("select count(*), max(load_id) from loader.loads").fetchone()
    page = tmp_path / "page.html"
    first = loader("demo", "--out", str(page))
    written = page.read_bytes()
    second = loader("demo", "--out", str(page))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "all there already" in second.stdout
    assert "nothing changed since the last build" in second.stdout
    assert digest_of_marts(marts) == before
    assert marts.execute("select count(*), max(load_id) from loader.loads").fetchone() == loads
    assert page.read_bytes() == written


def test_one_month_with_and_without_the_tags_column_counts_once(
    own_database: dict[str, str], tmp_path: Path
) -> None:
    sample = min((ROOT / "samples/databricks").glob("*.csv"))
    with sample.open(newline="", encoding="utf-8") as lines:
        whole = [tuple(row) for row in csv.reader(lines)]
    with (tmp_path / "ten_columns.csv").open("w", newline="", encoding="utf-8") as lines:
        csv.writer(lines, lineterminator="\n").writerows(row[:10] for row in whole)
    for arguments in (
        ["load", str(tmp_path / "ten_columns.csv"), str(sample)],
        ["build", "--json", "--select", "+fct_usage_hourly", "--exclude", "resource_type:test"],
    ):
        result = loader(*arguments, **own_database)
        assert result.returncode == 0, result.stdout + result.stderr
    with connect_to(own_database) as connection:
        total = connection.execute("select sum(quantity) from marts.fct_usage_hourly").fetchone()
    dbus = whole[0].index("dbus")
    assert total == (sum(Decimal(row[dbus]) for row in set(whole[1:])),)


def test_the_demo_refuses_a_database_with_other_loads(
    database: dict[str, str], tmp_path: Path
) -> None:
    assert database
    own = tmp_path / "own.csv"
    header = "tenant_id,hour,event_type,event_count,bytes_ingested"
    own.write_text(f"{header}\nme,2026-10-01 00:00:00,log,1,1\n")
    assert loader("load", str(own)).returncode == 0
    result = loader("demo", "--out", str(tmp_path / "page.html"))
    assert result.returncode == 2
    assert result.stderr.startswith("error: this database holds 1 loads that are not the demo's\n")
    with psycopg.connect("") as connection:
        assert connection.execute("select count(*) from loader.loads").fetchone() == (1,)
