"""What the arguments of a command stand for, each input once and in a stable order."""

import re
from collections.abc import Iterator, Sequence

from loader.errors import DataRefusedError, UsageError
from loader.inputs import names
from loader.inputs.buckets import SCHEMES, Buckets
from loader.inputs.folders import find_files
from loader.inputs.input import Input
from loader.inputs.limits import Limits
from loader.inputs.local_files import LocalFile
from loader.inputs.origins import Origin
from loader.inputs.standard_input import StandardInput
from loader.inputs.zip_archives import members_of

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_STANDARD_INPUT = "-"


def expand(paths: Sequence[str], *, pattern: str | None = None) -> list[Input]:
    """Return the inputs that paths stand for, sorted, each one once.

    A path is a file, a folder, a glob, `-` for standard input, or an object, prefix or glob that
    begins with `s3://` or `gs://`. Folders and prefixes stand for the exports anywhere below them:
    names of a known suffix that start with neither `.` nor `_`; `pattern`, as in `*.csv`, takes
    only those whose name or path below the folder is like it. An archive stands for its members,
    or, damaged or unsafe, for an input that is refused when it is opened.

    Raises `UsageError` for what is missing, special, a link out of its folder, or nothing to load,
    and `DataRefusedError` for a bucket that fails.
    """
    limits = Limits.from_environment()
    buckets = Buckets()
    found: dict[str, Input] = {}
    for argument in paths:
        inputs = list(_inputs(argument, pattern, limits, buckets))
        if not inputs:
            raise _nothing(argument, pattern)
        for item in inputs:
            found.setdefault(item.uri, item)
    return sorted(found.values(), key=_order)


def _inputs(
    argument: str, pattern: str | None, limits: Limits, buckets: Buckets
) -> Iterator[Input]:
    for origin, relative in _origins(argument, limits, buckets):
        if not names.is_archive(origin.name):
            if relative is None or names.matches(pattern, relative):
                _refuse_nested(origin)
                yield Input(origin, limits)
            continue
        yield from _members(origin, relative, pattern, limits)


def _members(
    archive: Origin, relative: str | None, pattern: str | None, limits: Limits
) -> Iterator[Input]:
    try:
        members = members_of(archive)
    except DataRefusedError as refusal:
        # The other files of the command are none the worse for it.
        yield Input(archive, limits, refusal=refusal)
        return
    for member in members:
        if (
            relative is None
            or names.matches(pattern, relative)
            or names.matches(pattern, f"{relative}/{member.path}")
        ):
            yield Input(archive, limits, member)


def _origins(
    argument: str, limits: Limits, buckets: Buckets
) -> Iterator[tuple[Origin, str | None]]:
    if argument == _STANDARD_INPUT:
        yield StandardInput(limits), None
        return
    scheme = _SCHEME.match(argument)
    if scheme is None:
        yield from find_files(argument)
        return
    if scheme[1].lower() not in SCHEMES:
        # What follows may hold credentials, such as a signed address does.
        message = f"{scheme[0]}…: is not a place that files are loaded from"
        raise UsageError(
            message, "nothing was loaded; name files, s3://bucket/key or gs://bucket/key"
        )
    yield from buckets.find(scheme[1].lower(), argument[scheme.end() :])


def _refuse_nested(origin: Origin) -> None:
    name = names.content_name(origin.name)
    if name != origin.name and names.is_packed(name):
        message = f"{origin.place}: is an archive in an archive"
        raise UsageError(message, "nothing was loaded; unpack it and load what it holds")


def _order(item: Input) -> tuple[int, tuple[str, ...]]:
    origin = item.origin
    member = () if item.member is None else (item.member.path,)
    if isinstance(origin, LocalFile):
        return 0, (*origin.path.parts, *member)
    if isinstance(origin, StandardInput):
        return 1, ()
    return 2, (origin.uri, *member)


def _nothing(argument: str, pattern: str | None) -> UsageError:
    if pattern is not None:
        return UsageError(f"{argument}: holds nothing to load that is like {pattern}")
    return UsageError(
        f"{argument}: holds nothing to load",
        f"a folder's files are loaded when they end in {names.ENDINGS}",
    )
