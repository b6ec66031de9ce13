"""The project folder: where declarations, seeds, samples and the local server's files lie."""

import os
from dataclasses import dataclass
from pathlib import Path

from loader.errors import UsageError


@dataclass(frozen=True)
class Project:
    """A folder that holds `dbt_project.yml`; every path the loader uses is derived from it."""

    root: Path

    @property
    def declarations(self) -> Path:
        """Folder whose `<source>/_<source>__sources.yml` files declare the exports."""
        return self.root / "models" / "staging"

    @property
    def seeds(self) -> Path:
        """Folder of what people decide: prices, teams, rules, budgets."""
        return self.root / "seeds"

    @property
    def demo_seeds(self) -> Path:
        """Folder of the demo's decisions: `seeds/` itself until `loader init` puts them aside."""
        aside = self.samples / "_seeds"
        return aside if aside.is_dir() else self.seeds

    @property
    def samples(self) -> Path:
        """Folder of the sample exports."""
        return self.root / "samples"

    @property
    def server_home(self) -> Path:
        """Folder of the embedded PostgreSQL: data, password, port, log."""
        return self.root / ".postgres"


def require_own_schemas(what: str) -> None:
    """Raise `UsageError` where DBT_SCHEMA names a developer's own copy of the marts.

    `what` is who reads the marts by their names and would read the shared ones instead.
    """
    if os.environ.get("DBT_SCHEMA", "public") != "public":
        message = f"DBT_SCHEMA is set: {what} on the schemas without a prefix"
        raise UsageError(message, "unset DBT_SCHEMA and run it again")


def find_project(start: Path) -> Project:
    """Return the project `start` is, or lies in; raise `UsageError` when there is none."""
    root = start.absolute()
    for folder in (root, *root.parents):
        if (folder / "dbt_project.yml").is_file():
            return Project(folder)
    message = f"{start}: no dbt_project.yml here or in any folder above"
    raise UsageError(message, "run loader in the project folder, or name it with --project-dir")
