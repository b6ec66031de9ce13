"""Columns a file has and its declaration has not: what `--evolve` makes of them.

Nothing of a header reaches DDL as it is: a new column's name is made of its lower-case letters,
digits and underscores alone, and a header that gives no such name of its own is refused.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from loader.column_types import ColumnType
from loader.errors import DataRefusedError
from loader.exports import Column, Export

_WORD_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_HEADER = re.compile(r"[A-Za-z](?:[A-Za-z0-9_ -]{0,61}[A-Za-z0-9])?")


def added_columns(export: Export) -> tuple[str, ...]:
    """Return the names of the columns that were added to a declared export."""
    return tuple(column.name for column in export.columns if column.is_added)


def with_columns(export: Export, headers: Sequence[str], place: str) -> Export:
    """Return the export with a column of text for each new name.

    Raises `DataRefusedError`, naming `place`, for a name that cannot be a column.
    """
    taken = {column.name for column in export.columns}
    columns = []
    for header in headers:
        name = column_name(header)
        if name is None or name in taken:
            shown = f"of {len(header):,} characters" if name is None else repr(name)
            message = f"{place}: a new column {shown} cannot be added to {export.name}"
            hint = "nothing was loaded; a new name must be of letters, digits and _, and be new"
            raise DataRefusedError(message, hint)
        taken.add(name)
        columns.append(
            Column(name, ColumnType("text"), "", header, is_optional=True, is_added=True)
        )
    return replace(export, columns=(*export.columns, *columns))


def column_name(header: str) -> str | None:
    """Return the column name of a header, such as cost_center of CostCenter, or None."""
    if not _HEADER.fullmatch(header):
        return None
    words = re.sub("[ -]+", "_", _WORD_BORDER.sub("_", header))
    name = re.sub("_+", "_", words).lower()
    return name if _NAME.fullmatch(name) else None
