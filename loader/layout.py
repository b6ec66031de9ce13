"""Which incremental tables were built with other columns than the project declares now.

An incremental model keeps its table from build to build. After an update of the project such a
table may lack a column; then it has to be built anew, which gives the same rows.
"""

from collections.abc import Mapping
from pathlib import Path

import yaml
from psycopg import Connection

from loader.project import Project

_INCREMENTAL = "materialized='incremental'"


def outdated(connection: Connection, project: Project, prefix: str = "") -> tuple[str, ...]:
    """Return the names of incremental models whose table exists with other columns.

    `prefix` is what stands before each schema in a developer's own target.
    """
    declared = _declared_columns(project.root / "models")
    rows = connection.execute(
        "select table_schema, table_name, array_agg(column_name::text)"
        " from information_schema.columns where table_name = any(%s)"
        " and table_schema = any(%s) group by table_schema, table_name",
        [[name for _, name in declared], [f"{prefix}{schema}" for schema, _ in declared]],
    )
    found = {(schema, name): frozenset(columns) for schema, name, columns in rows}
    return tuple(
        name
        for (schema, name), columns in sorted(declared.items())
        if found.get((f"{prefix}{schema}", name), columns) != columns
    )


def _declared_columns(models: Path) -> Mapping[tuple[str, str], frozenset[str]]:
    """Return the columns the documentation lists, by schema and name of an incremental model."""
    names = {
        path.stem: path.relative_to(models).parts[0]
        for path in models.rglob("*.sql")
        if _INCREMENTAL in path.read_text(encoding="utf-8")
    }
    declared = {}
    for path in models.rglob("*__models.yml"):
        text = path.read_text(encoding="utf-8")
        if not any(f"name: {name}\n" in text for name in names):
            continue
        for model in yaml.safe_load(text)["models"]:
            if schema := names.get(model["name"]):
                columns = frozenset(str(column["name"]) for column in model["columns"])
                declared[schema, str(model["name"])] = columns
    return declared
