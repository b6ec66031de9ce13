"""The machine-readable form of results: one JSON document on standard output."""

import json
from dataclasses import asdict, is_dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

import typer

from loader.decimals import plain_number


def print_json(document: object) -> None:
    """Print a document of dataclasses, collections, texts, numbers, times, ids and bytes."""
    typer.echo(json.dumps(document, indent=2, default=_plain))


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        # As text, so that no reader makes a float of an amount.
        return plain_number(value) if isinstance(value, Decimal) else str(value)
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    message = f"cannot be written as JSON: {type(value).__name__}"
    raise TypeError(message)
