"""Columns a file has and its declaration has not: what `--evolve` makes of them.

Nothing of a header reaches DDL as it is: a new column's name is made of its lower-case letters,
digits and underscores alone, and a header that gives no such name of its own is refused.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from loader.column_types import ColumnType
from loader.errors import DataRefusedError
from loader.exports import Column, Export, normalised

_WORD_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_HEADER = re.compile(r"[A-Za-z](?:[A-Za-z0-9_ -]{0,61}[A-Za-z0-9])?")


def evolved(names: Sequence[str], exports: Sequence[Export], place: str) -> list[Export]:
    """Return the exports that have all their columns among `names`, with the new ones added.

    Of several, only those that need the fewest new columns. Raises `DataRefusedError`, naming
    `place`, for a new name that cannot be a column.
    """
    found = {normalised(name) for name in names}
    new = {
        export.name: _unknown(names, export)
        for export in exports
        if all(found & set(column.spellings) for column in export.columns if not column.is_optional)
    }
    fewest = min(map(len, new.values()), default=0)
    return [
        _with_columns(export, new[export.name], place)
        if export.name in new and len(new[export.name]) == fewest
        else export
        for export in exports
    ]


def added_columns(export: Export) -> tuple[str, ...]:
    """Return the names of the columns that were added to a declared export."""
    return tuple(column.name for column in export.columns if column.is_added)


def _unknown(names: Sequence[str], export: Export) -> list[str]:
    known = {spelling for column in export.columns for spelling in column.spellings}
    return [name for name in names if normalised(name) not in known]


def _with_columns(export: Export, headers: list[str], place: str) -> Export:
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
