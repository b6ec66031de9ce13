"""How a command finds the project it was asked to work on."""

from pathlib import Path

import typer

from loader.project import Project, find_project


def project_of(context: typer.Context) -> Project:
    """Return the project `loader` was started for, or the one the current folder lies in."""
    return context.find_object(Project) or find_project(Path.cwd())
