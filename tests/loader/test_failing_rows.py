"""The first rows of failed data tests are told, without personal data."""

from pathlib import Path

import psycopg
import pytest

from loader.dbt_run import Failure
from loader.failing_rows import with_rows
from loader.project import Project

WORDS = """
    select 'no rate, says jane@example.com' as problem, 'add a row' as advice, 7 as hidden
    union all select 'no unit', null, 8 order by 3
"""
PERSONAL = """
    select
        date '2026-10-01' as usage_date, 1.50 as cost, null as nothing, 'jane' as owner_key,
        'Jane' as cluster_owner_user_name, 'to jane@example.com' as note, '{"a": 1}'::jsonb as tags
"""
MANY = "select number, number + 0.5 as cost from generate_series(1, 9) as numbers (number) -- all"
WIDE = "select 1 as a, 2 as b, 3 as c, 4 as d, 5 as e, 6 as f, 7 as g, 8 as h, 9 as i"


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        (WORDS, ["no rate, says ***\n  add a row", "no unit"]),
        (PERSONAL, ["usage_date 2026-10-01, cost 1.50, note to ***"]),
        (MANY, ["number 1, cost 1.5", "number 2, cost 2.5", "number 3, cost 3.5"]),
        (WIDE, ["a 1, b 2, c 3, d 4, e 5, f 6, g 7, h 8, …"]),
        ("select * from nothing.there", []),
        ("delete from pg_catalog.pg_class", []),
    ],
    ids=["words", "personal data", "the first rows", "wide rows", "a missing table", "no question"],
)
def test_the_first_rows_are_told(
    query: str, rows: list[str], connection: psycopg.Connection, project: Project, tmp_path: Path
) -> None:
    compiled = tmp_path / "rows_are_good.sql"
    compiled.write_text(query, encoding="utf-8")
    failed = Failure("test", "rows_are_good", "tests/rows_are_good.sql", "wrong", str(compiled))
    (told,) = with_rows(connection, project, [failed])
    assert told.rows == rows


def test_rows_stand_between_the_reason_and_the_way_to_all_of_them() -> None:
    failed = Failure(
        "test", "rates", "tests/rates.sql", "1 row is wrong", "rates.sql", ["no rate\n  add it"]
    )
    assert str(failed).splitlines() == [
        "tests/rates.sql: data test rates",
        "  1 row is wrong",
        "  no rate",
        "    add it",
        "  its rows: loader db psql -f rates.sql",
    ]


def test_only_tests_that_are_not_told_elsewhere_are_asked(
    connection: psycopg.Connection, project: Project, tmp_path: Path
) -> None:
    compiled = tmp_path / "x.sql"
    compiled.write_text("select 1 as number", encoding="utf-8")
    told = Failure("test", "told", "x.yml", "wrong", str(compiled))
    model = Failure("model", "fct", "x.sql", "wrong", str(compiled))
    assert with_rows(connection, project, [told, model], but={"told"}) == [told, model]
