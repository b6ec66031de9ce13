"""Values of the command line that need no check, taken without one.

Typer has Pydantic look at every argument and option, plain text and what was left out included;
importing that takes as long as everything else a load does before its first byte.
"""

import os
from enum import Enum
from pathlib import Path
from typing import Any

from typer.core import TyperCommand, TyperGroup

_CHANGED_PATHS = ("exists", "writable", "resolve_path", "allow_dash")


class Command(TyperCommand):
    """A command whose plain values are taken as they are."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401
        """Parse what stands behind the command's name."""
        _take_plain_values(self.get_params(ctx))
        return super().parse_args(ctx, args)


class Group(TyperGroup):
    """A group of commands whose own plain values are taken as they are."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401
        """Parse what stands before a command's name."""
        _take_plain_values(self.get_params(ctx))
        return super().parse_args(ctx, args)


def _take_plain_values(parameters: list[Any]) -> None:
    for parameter in parameters:
        # Typer makes it at the first value, unless it is there.
        if getattr(parameter, "_runtime_param", parameter) is None:
            parameter._runtime_param = _PlainValue()  # noqa: SLF001


class _PlainValue:
    """Stands in for Typer's own check, which is asked where a value is not plain."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ANN401
        descriptor = param.type_descriptor
        plain = _plain(value, descriptor.annotation, descriptor.parameter_info)
        if plain is not None or (value is None and param.nargs == 1):
            return plain
        param._runtime_param = None  # noqa: SLF001
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)


def _plain(value: Any, annotation: Any, settings: Any) -> Any:  # noqa: ANN401
    """Return what Typer would make of a value, or None where only Typer knows."""
    if settings.parser is not None:
        return None
    if annotation == list[str] and isinstance(value, tuple) and value:
        return list(value)
    if annotation is str and isinstance(value, str):
        return value
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return next((member for member in annotation if value in (member, member.value)), None)
    if annotation is Path and isinstance(value, str):
        is_usual = not any(getattr(settings, name) for name in _CHANGED_PATHS)
        is_readable = os.access(value, os.R_OK) or not os.path.exists(value)  # noqa: PTH110
        return Path(value) if is_usual and is_readable else None
    return None
