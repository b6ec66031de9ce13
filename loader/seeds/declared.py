"""Which seeds there are and what their columns hold: the `column_types` that dbt reads too."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from loader.errors import UsageError
from loader.project import Project


@dataclass(frozen=True)
class Seed:
    """A declared seed: its file, how the file is shown, and its columns' types in order."""

    name: str
    path: Path
    place: str
    declaration: str
    columns: Mapping[str, str]


def read_seeds(project: Project, folder: Path | None = None) -> tuple[Seed, ...]:
    """Return the seeds declared below `models/`, with their files in `folder` or in `seeds/`.

    Raises `UsageError` when a declaration is not YAML.
    """
    place = (folder or project.seeds).absolute()
    is_inside = place.is_relative_to(project.root)
    shown = place.relative_to(project.root) if is_inside else folder or place
    return tuple(
        Seed(name, place / f"{name}.csv", (shown / f"{name}.csv").as_posix(), declaration, columns)
        for name, declaration, columns in _declarations(project)
    )


def _declarations(project: Project) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    for path in sorted((project.root / "models").rglob("*__seeds.yml")):
        declaration = path.relative_to(project.root).as_posix()
        try:
            document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        except yaml.YAMLError as error:
            message = f"{declaration}: is not valid YAML"
            raise UsageError(message, " ".join(str(error).split())) from None
        for seed in document.get("seeds") or ():
            types = (seed.get("config") or {}).get("column_types") or {}
            columns = {str(name): str(kind) for name, kind in types.items()}
            yield str(seed["name"]), declaration, columns
