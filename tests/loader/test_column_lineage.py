"""Column lineage: what a column is made of, through unions and quoted names, and no more."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "docs" / "lineage" / "make.py"
MODELS = {
    "stg_usage": "select quantity::numeric as quantity, 'x' as unit from warehouse.raw.usage",
    "charges": """
        with usage as (select * from "warehouse"."main"."stg_usage"),
        fees as (select * from "warehouse"."main"."fees")
        select quantity * rate as cost, unit from usage cross join fees
        union all
        select amount as cost, null as unit from fees
    """,
    "focus": 'select cost as "BilledCost" from "warehouse"."main"."charges"',
    "beyond": """
        select (select max(each) from unnest(array[fees.rate]) as each) as cost
        from "warehouse"."main"."charges" as charges
        cross join "warehouse"."main"."fees" as fees
    """,
}
COLUMNS = {
    "raw.usage": ["quantity"],
    "main.fees": ["rate", "amount"],
    "main.stg_usage": ["quantity", "unit"],
    "main.charges": ["cost", "unit"],
    "main.focus": ["BilledCost"],
    "main.beyond": ["cost"],
}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """The two files of dbt's target/ that are read, with as little in them as is read."""
    nodes = {
        f"model.usage.{name}": {"compiled_code": sql, "columns": {}, "description": "a </script> b"}
        for name, sql in MODELS.items()
    }
    manifest = {"nodes": nodes, "sources": {}}
    catalog: dict[str, Any] = {"nodes": {}, "sources": {}}
    for relation, columns in COLUMNS.items():
        schema, name = relation.split(".")
        kind = "model" if name in MODELS else "seed"
        catalog["sources" if schema == "raw" else "nodes"][f"{kind}.usage.{name}"] = {
            "metadata": {"database": "warehouse", "schema": schema, "name": name},
            "columns": {column: {"type": "numeric"} for column in columns},
        }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (tmp_path / "catalog.json").write_text(json.dumps(catalog), encoding="utf-8")
    return tmp_path


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_lineage", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_column_names_the_columns_it_is_made_of(target: Path) -> None:
    html, followed, unknown = script().page(target)
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert found
    columns = {
        f"{relation}.{column}": [".".join(source) for source in each["from"]]
        for relation, stored in json.loads(found[1]).items()
        for column, each in stored["columns"].items()
        if each["from"]
    }
    assert columns == {
        "main.stg_usage.quantity": ["raw.usage.quantity"],
        "main.charges.cost": ["main.fees.amount", "main.fees.rate", "main.stg_usage.quantity"],
        "main.charges.unit": ["main.stg_usage.unit"],
        "main.focus.BilledCost": ["main.charges.cost"],
    }
    assert followed == 4
    assert unknown == ["main.beyond"]
