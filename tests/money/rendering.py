"""The project's own SQL, rendered as dbt renders it, on rows that a test hands over."""

from pathlib import Path

import yaml
from jinja2 import Environment

ROOT = Path(__file__).parents[2]
_MACROS = "".join(path.read_text() for path in sorted((ROOT / "macros").glob("*.sql")))
_VARIABLES = yaml.safe_load((ROOT / "dbt_project.yml").read_text())["vars"]


def rendered(template: str, **relations: str) -> str:
    """Return SQL with the project's macros in it, and `ref` of a name as the relation given."""
    environment = Environment(autoescape=False, extensions=["jinja2.ext.do"])  # noqa: S701  # SQL
    return environment.from_string(_MACROS + template).render(
        ref=relations.__getitem__,
        var=lambda name, default=None: _VARIABLES.get(name, default),
        config=lambda **_settings: "",
        is_incremental=lambda: False,
    )


def model(path: str, **relations: str) -> str:
    """Return the SQL of a model, by its path below models/ without the ending."""
    return rendered((ROOT / "models" / f"{path}.sql").read_text(), **relations)


def rows(parameter: str, columns: str) -> str:
    """Return a relation of the objects of a JSON parameter; its numbers stay exact."""
    return f"(select * from jsonb_to_recordset(%({parameter})s::jsonb) as handed ({columns}))"
