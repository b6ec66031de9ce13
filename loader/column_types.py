"""The PostgreSQL types a declared column can have."""

import re
from dataclasses import dataclass

_PLAIN = ("text", "boolean", "bigint", "timestamp", "timestamptz", "date", "jsonb")
_NUMERIC = re.compile(r"numeric\(([0-9]{1,4}), ?([0-9]{1,4})\)")
_MAX_PRECISION = 1000


@dataclass(frozen=True)
class ColumnType:
    """A type; `precision` and `scale` are set for numeric alone."""

    name: str
    precision: int = 0
    scale: int = 0

    def __str__(self) -> str:
        """Return the type as PostgreSQL spells it."""
        return f"numeric({self.precision}, {self.scale})" if self.precision else self.name


def parse_type(text: str) -> ColumnType:
    """Return the type `text` spells as in `data_type`; raise `ValueError` with a reason."""
    if text in _PLAIN:
        return ColumnType(text)
    match = _NUMERIC.fullmatch(text)
    if match is None:
        message = (
            f"is not a supported type: {text!r}; use one of {', '.join(_PLAIN)}, numeric(p, s)"
        )
        raise ValueError(message)
    precision, scale = int(match[1]), int(match[2])
    if not 0 <= scale <= precision or not 1 <= precision <= _MAX_PRECISION:
        message = f"needs 1 <= p <= {_MAX_PRECISION} and 0 <= s <= p: {text!r}"
        raise ValueError(message)
    return ColumnType("numeric", precision, scale)
