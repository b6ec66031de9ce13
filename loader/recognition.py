"""Which declared export a file is, told from the names in it and never from their order."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from loader.errors import DataRefusedError, UsageError
from loader.evolution import with_columns
from loader.exports import Export, normalised
from loader.problems import shortened

_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_LIST_THEM = "see the declared exports with: loader sources"


@dataclass(frozen=True)
class Layout:
    """Where a file holds an export's columns.

    `positions` has an index into the file's fields for each declared column, None where the file
    leaves an optional column out.
    """

    export: Export
    positions: tuple[int | None, ...]


@dataclass(frozen=True)
class _Difference:
    export: Export
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    duplicated: tuple[str, ...]

    @property
    def size(self) -> int:
        return len(self.missing) + len(set(self.unexpected)) + len(self.duplicated)


def find_export(exports: Sequence[Export], name: str) -> Export:
    """Return the export called `name`; raise `UsageError` when none is."""
    for export in exports:
        if export.name == name:
            return export
    message = f"{name}: no export of this name is declared"
    raise UsageError(message, f"declared exports: {', '.join(item.name for item in exports)}")


def recognise(
    names: Sequence[str], exports: Sequence[Export], place: str, *, evolve: bool = False
) -> Layout:
    """Return the one export whose columns are `names`, the names on a header or in an object.

    With `evolve`, names that are not declared are added to the export as columns of text. Raises
    `DataRefusedError` naming `place`, the nearest export and every column that differs.
    """
    differences = [_compare(names, export) for export in exports]
    if evolve:
        differences = _evolved(differences, names, place)
    fitting = [difference.export for difference in differences if not difference.size]
    if len(fitting) == 1:
        return _layout(names, fitting[0])
    if fitting:
        message = f"{place}: fits {' and '.join(export.name for export in fitting)} alike"
        hint = f"nothing was loaded; say which it is, such as --export {fitting[0].name}"
        raise DataRefusedError(message, hint)
    nearest = min(differences, key=lambda difference: difference.size)
    if len(nearest.missing) * 2 > len(nearest.export.columns):
        raise _far_refusal(nearest, names, place, is_only=len(exports) == 1)
    raise _refusal(nearest, place)


def _evolved(
    differences: Sequence[_Difference], names: Sequence[str], place: str
) -> list[_Difference]:
    """Add its new columns to the export that lacks none of its own and needs the fewest."""
    fewest = min((len(item.unexpected) for item in differences if not item.missing), default=0)
    return [
        item
        if item.missing or len(item.unexpected) > fewest
        else _compare(names, with_columns(item.export, item.unexpected, place))
        for item in differences
    ]


def _compare(names: Sequence[str], export: Export) -> _Difference:
    owners = {spelling: column.header for column in export.columns for spelling in column.spellings}
    found = Counter(owners[key] for name in names if (key := normalised(name)) in owners)
    return _Difference(
        export=export,
        missing=tuple(
            column.header
            for column in export.columns
            if not column.is_optional and column.header not in found
        ),
        unexpected=tuple(name for name in names if normalised(name) not in owners),
        duplicated=tuple(name for name, count in found.items() if count > 1),
    )


def _layout(names: Sequence[str], export: Export) -> Layout:
    places = {normalised(name): index for index, name in enumerate(names)}
    return Layout(
        export,
        tuple(
            next((places[key] for key in column.spellings if key in places), None)
            for column in export.columns
        ),
    )


def _far_refusal(
    nearest: _Difference, names: Sequence[str], place: str, *, is_only: bool
) -> DataRefusedError:
    """Say what was expected, not what was found: without a header that is a row of somebody's."""
    separator = next((name for mark, name in _SEPARATORS.items() if mark in "".join(names)), None)
    if len(names) == 1 and separator is not None:
        message = f"{place}: is separated by {separator}, expected commas"
        return DataRefusedError(message, "nothing was loaded; export the file with commas")
    message = f"{place}: is not like any declared export"
    if is_only or len(nearest.unexpected) < len(names):
        lacks = ", ".join(nearest.missing)
        message += f"; the nearest is {nearest.export.name}, of whose columns it lacks {lacks}"
    return DataRefusedError(
        message, "nothing was loaded; the first line must name the columns", _LIST_THEM
    )


def _refusal(nearest: _Difference, place: str) -> DataRefusedError:
    parts = [
        f"{word} {', '.join(columns)}"
        for word, columns in (
            ("missing", nearest.missing),
            ("unexpected", tuple(dict.fromkeys(map(_quoted, nearest.unexpected)))),
            ("more than once", nearest.duplicated),
        )
        if columns
    ]
    is_new_alone = not nearest.missing and not nearest.duplicated
    accept = ["or accept the new columns as text with --evolve"] if is_new_alone else []
    return DataRefusedError(
        f"{place}: is not {nearest.export.name}, the nearest export: {'; '.join(parts)}",
        "nothing was loaded; export the file again with these columns, in any order",
        *accept,
        _LIST_THEM,
    )


def _quoted(name: str) -> str:
    """Return a name of the file as it may be shown: without a header it is a cell of some row."""
    return "a name with an e-mail address" if "@" in name else shortened(name)
