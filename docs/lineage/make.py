"""Column lineage: which columns every column is made of, as one page that opens without a server.

Reads what `dbt docs generate` left in target/ and follows each model's compiled SQL with sqlglot,
one model at a time; the page puts the steps together. Run by `make docs`.
"""

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage

HERE = Path(__file__).parent
# Inside a JSON text a slash may be escaped, so that nothing in it can end the script.
CLOSING, ESCAPED = "</", "<\\/"

Relation = dict[str, Any]


def relations(manifest: Relation, catalog: Relation) -> dict[str, Relation]:
    """Return what stands in the database, by schema and name, with its columns and words."""
    known = {**manifest["nodes"], **manifest["sources"]}
    found: dict[str, Relation] = {}
    for unique_id, stored in {**catalog["sources"], **catalog["nodes"]}.items():
        declared = known.get(unique_id, {})
        words = declared.get("columns", {})
        found[_name(stored["metadata"]["schema"], stored["metadata"]["name"])] = {
            "kind": unique_id.partition(".")[0],
            "description": declared.get("description", ""),
            "sql": declared.get("compiled_code"),
            "columns": {
                column: {
                    "type": each["type"],
                    "description": words.get(column, {}).get("description", ""),
                    "from": [],
                }
                for column, each in stored["columns"].items()
            },
        }
    return found


def follow(name: str, found: dict[str, Relation], schema: dict[str, Any]) -> None:
    """Put into each column of a model the columns it is made of; say so where that fails."""
    model = found[name]
    try:
        roots = lineage(None, model["sql"], schema, dialect="postgres", trim_selects=False)
    except SqlglotError as error:
        model["unknown"] = str(error)
        return
    for column, root in roots.items():
        if column in model["columns"]:
            model["columns"][column]["from"] = sorted(
                {leaf for leaf in _leaves(root, found) if leaf[0] != name}
            )


def _leaves(root: Node, found: dict[str, Relation]) -> Iterator[tuple[str, str]]:
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        waiting.extend(node.downstream)
        if isinstance(node.expression, exp.Table):
            relation = _name(node.expression.db, node.expression.name)
            column = node.name.rpartition(".")[2].strip('"')
            if column in found.get(relation, {}).get("columns", {}):
                yield relation, column


def _name(schema: str, name: str) -> str:
    return f"{schema}.{name}"


def page(target: Path) -> tuple[str, int, list[str]]:
    """Return the page, how many columns have a way, and the models that could not be followed."""
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    catalog = json.loads((target / "catalog.json").read_text(encoding="utf-8"))
    found = relations(manifest, catalog)
    schema: dict[str, Any] = {}
    for name, relation in found.items():
        folder, _, table = name.partition(".")
        # Quoted, as PostgreSQL has them: unquoted names would be taken as lower case.
        types = {f'"{column}"': each["type"] for column, each in relation["columns"].items()}
        schema.setdefault(folder, {})[table] = types
    database = next(iter(catalog["nodes"].values()))["metadata"]["database"]
    for name in sorted(found):
        if found[name]["kind"] == "model":
            follow(name, found, {database: schema})
    followed = sum(
        bool(column["from"]) for each in found.values() for column in each["columns"].values()
    )
    unknown = [name for name, each in sorted(found.items()) if "unknown" in each]
    for each in found.values():
        del each["sql"]
    data = json.dumps(found, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    template = (HERE / "page.html").read_text(encoding="utf-8")
    return template.replace("@DATA@", data.replace(CLOSING, ESCAPED)), followed, unknown


def main(target: Path) -> None:
    """Write column_lineage.html into the folder that dbt wrote to."""
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    html, followed, unknown = page(target)
    out = target / "column_lineage.html"
    out.write_text(html, encoding="utf-8")
    print(f"wrote {out}: {followed:,} columns and what they are made of")
    if unknown:
        print(f"not followed, their SQL is beyond sqlglot: {', '.join(unknown)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("target"))
