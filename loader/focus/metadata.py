"""The metadata FOCUS 1.2 asks for beside the data: who made it, by which schema, of which columns.

The names are the specification's (FOCUS 1.2, Metadata); what it has no name for begins with x_.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from loader import __version__
from loader.focus.columns import Column

FOCUS_VERSION = "1.2"
_GENERATOR = "usage-costs"


def metadata_document(
    columns: Sequence[Column], tag_prefixes: Sequence[str], dataset: dict[str, Any]
) -> bytes:
    """Return the document as JSON. The schema's id is a digest of it: same columns, same id."""
    definitions = [_definition(column, tag_prefixes) for column in columns]
    digest = hashlib.sha256(json.dumps([FOCUS_VERSION, __version__, definitions]).encode())
    document = {
        "DataGenerator": _GENERATOR,
        "Schema": {
            "SchemaId": digest.hexdigest()[:32],
            "CreationDate": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "FocusVersion": FOCUS_VERSION,
            "DataGeneratorVersion": __version__,
            "ColumnDefinition": definitions,
        },
        "x_Dataset": dataset,
    }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def _definition(column: Column, tag_prefixes: Sequence[str]) -> dict[str, Any]:
    definition: dict[str, Any] = {"ColumnName": column.name}
    if column.decimal:
        precision, scale = column.decimal
        return definition | {
            "DataType": "DECIMAL",
            "NumericPrecision": precision,
            "NumberScale": scale,
        }
    if column.is_time:
        return definition | {"DataType": "DATETIME"}
    if column.type == "jsonb":
        definition |= {"DataType": "JSON", "StringEncoding": "UTF-8"}
        if column.name == "Tags":
            definition["ProviderTagPrefixes"] = list(tag_prefixes)
        return definition
    if column.type == "bigint":
        return definition | {"DataType": "INTEGER"}
    return definition | {"DataType": "STRING", "StringEncoding": "UTF-8"}
