"""What the page for BI tools and the exposures say is what the database holds."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import yaml

from loader.embedded.process import PREFERRED_PORT
from loader.report.queries import RELATIONS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "connect-your-bi-tool.md").read_text(encoding="utf-8")
MART = re.compile(r"\b(?:fct|dim|rpt|focus)_[a-z_]+\b")
QUESTIONS = tomllib.loads((ROOT / "bench" / "questions.toml").read_text(encoding="utf-8"))


@pytest.fixture
def marts(built: object) -> Iterator[psycopg.Connection]:
    assert built is not None
    with psycopg.connect("", autocommit=True) as connection:
        yield connection


@pytest.fixture
def exposures() -> dict[str, set[str]]:
    """Return the marts each exposure names."""
    text = (ROOT / "models" / "marts" / "_exposures.yml").read_text(encoding="utf-8")
    return {
        exposure["name"]: {ref.split("'")[1] for ref in exposure["depends_on"]}
        for exposure in yaml.safe_load(text)["exposures"]
    }


def test_the_page_names_tables_that_exist(marts: psycopg.Connection) -> None:
    rows = marts.execute(
        "select table_name from information_schema.tables where table_schema = 'marts'"
    )
    named = set(MART.findall(PAGE))
    assert len(named) > 15
    assert named <= {name for (name,) in rows}


def test_sql_on_the_page_runs(marts: psycopg.Connection) -> None:
    blocks = re.findall(r"```sql\n(select.+?)```", PAGE, re.DOTALL)
    assert blocks
    for block in blocks:
        statement = re.sub(
            r"\$__timeFilter\((\w+)\)",
            r"\1 between '2026-10-01T00:00:00Z' and '2026-10-31T23:59:59Z'",
            block,
        )
        assert marts.execute(statement.encode()).fetchall()


def test_what_the_page_says_to_lock_can_be_locked_and_read(marts: psycopg.Connection) -> None:
    (block,) = re.findall(r"```sql\n(begin.+?)```", PAGE, re.DOTALL)
    marts.execute(block.encode())


def test_the_last_build_says_that_it_passed(marts: psycopg.Connection) -> None:
    last = marts.execute(
        "select status, nodes_passed > 500, nodes_failed, finished_at > started_at, is_last_passed"
        " from marts.rpt_builds where is_last"
    ).fetchall()
    assert last == [("passed", True, 0, True, True)]


def test_the_page_names_the_embedded_servers_port() -> None:
    assert set(re.findall(r"127\.0\.0\.1:(\d+)", PAGE)) == {str(PREFERRED_PORT)}


def test_every_table_and_column_describes_itself(marts: psycopg.Connection) -> None:
    silent = marts.execute(
        "select tables.relname, columns.attname from pg_class as tables"
        " inner join pg_attribute as columns on tables.oid = columns.attrelid"
        " where tables.relnamespace = 'marts'::regnamespace and tables.relkind in ('r', 'v')"
        " and columns.attnum > 0 and not columns.attisdropped"
        " and (col_description(tables.oid, columns.attnum) is null"
        " or obj_description(tables.oid) is null)"
    ).fetchall()
    assert silent == []


def test_the_pages_exposure_names_every_mart_it_reads(exposures: dict[str, set[str]]) -> None:
    read = {name.removeprefix("marts.") for name in RELATIONS if name.startswith("marts.")}
    assert exposures["report_page"] == read


def test_dashboard_questions_ask_what_the_exposure_names(exposures: dict[str, set[str]]) -> None:
    assert len(QUESTIONS["question"]) == 20
    asked = {mart for question in QUESTIONS["question"] for mart in MART.findall(question["marts"])}
    assert exposures["bi_dashboard"] == asked


def test_dashboard_questions_have_answers(marts: psycopg.Connection) -> None:
    parameters = {"month": "2026-10-01", "resource": "0703-080011-tulip301"}
    for question in QUESTIONS["question"]:
        statement = question["marts"].replace("%(month)s", "%(month)s::date").encode()
        assert marts.execute(statement, parameters).fetchall(), question["title"]
