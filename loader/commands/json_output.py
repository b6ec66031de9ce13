"""The machine-readable form of results: one JSON document on standard output."""

import json
from dataclasses import asdict, is_dataclass
from datetime import datetime

import typer


def print_json(document: object) -> None:
    """Print a document of dataclasses, mappings, sequences, texts, numbers, times and bytes."""
    typer.echo(json.dumps(document, indent=2, default=_plain))


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    message = f"cannot be written as JSON: {type(value).__name__}"
    raise TypeError(message)
