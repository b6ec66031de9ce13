"""Tables an earlier version of the project built are recognised by their columns."""

from pathlib import Path

import psycopg
import pytest
from reading import ROOT

from loader.layout import outdated
from loader.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    models = tmp_path / "models" / "marts"
    models.mkdir(parents=True)
    (models / "kept.sql").write_text("{{ config(materialized='incremental') }}\nselect 1")
    (models / "made.sql").write_text("select 1")
    text = "models:\n" + "".join(
        f"  - name: {name}\n    columns: [{{name: a}}, {{name: b}}]\n" for name in ("kept", "made")
    )
    (models / "_marts__models.yml").write_text(text)
    return Project(tmp_path)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (None, ()),
        ("a int, b int", ()),
        ("b int, a int", ()),
        ("a int", ("kept",)),
        ("a int, b int, c int", ("kept",)),
    ],
)
@pytest.mark.usefixtures("database")
def test_a_table_with_other_columns_is_outdated(
    project: Project, columns: str | None, expected: tuple[str, ...]
) -> None:
    with psycopg.connect("", autocommit=True) as connection:
        connection.execute("create schema marts")
        connection.execute("create schema own_marts")
        if columns:
            connection.execute(f"create table marts.kept ({columns})")
            connection.execute(f"create table marts.made ({columns}, other int)")
            connection.execute(f"create table own_marts.kept ({columns})")

        assert outdated(connection, project) == expected
        assert outdated(connection, project, "own_") == expected
        assert outdated(connection, project, "theirs_") == ()


@pytest.mark.usefixtures("built")
def test_the_projects_own_incremental_models_list_the_columns_they_have() -> None:
    with psycopg.connect("", autocommit=True) as connection:
        assert outdated(connection, Project(ROOT)) == ()
        connection.execute("begin")
        connection.execute("alter table marts.fct_usage_hourly drop column slice_version cascade")
        connection.execute("alter table intermediate.int_usage__slices add column new int")
        found = outdated(connection, Project(ROOT))
        connection.execute("rollback")

    assert found == ("int_usage__slices", "fct_usage_hourly")
