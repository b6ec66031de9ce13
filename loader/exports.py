"""The exports that can be loaded, as the dbt sources under models/staging declare them.

A source table whose `config.meta.loader` is set is an export. dbt checks its own keys; everything
the loader relies on is checked here, and an error names the file and the key.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import yaml

from loader.column_types import ColumnType, parse_type
from loader.declaration import Node
from loader.envelopes import Envelope, read_envelope
from loader.errors import UsageError
from loader.project import Project

FORMATS = ("csv", "jsonl")
_TABLE_KEYS = ("format", "account", "covers", "envelope")
_COLUMN_KEYS = ("header", "aliases", "optional", "not_null", "pattern")


@dataclass(frozen=True)
class Column:
    """One column: its name in the raw table, its names in files, and what its values must be."""

    name: str
    type: ColumnType
    description: str
    header: str
    aliases: tuple[str, ...] = ()
    is_optional: bool = False
    is_not_null: bool = False
    pattern: str | None = None
    is_added: bool = False

    @property
    def spellings(self) -> tuple[str, ...]:
        """The names that stand for the column in a file, normalised."""
        return tuple(dict.fromkeys(normalised(name) for name in (self.header, *self.aliases)))


@dataclass(frozen=True)
class Export:
    """One kind of file of one vendor; `account_column` is None when files carry no account.

    `covers` is the pattern of file names that say what a file covers, None when names say nothing.
    `formats` are those its files may have, the usual one first.
    """

    source: str
    table: str
    schema: str
    description: str
    formats: tuple[str, ...]
    account_column: str | None
    columns: tuple[Column, ...]
    covers: str | None = None
    envelope: Envelope | None = None

    @property
    def name(self) -> str:
        """The name people use, such as databricks.billable_usage."""
        return f"{self.source}.{self.table}"

    def covered_by(self, file_name: str) -> str | None:
        """Return what a file of this name covers: the name itself, or None when it says nothing."""
        says = self.covers is not None and re.fullmatch(self.covers, file_name)
        return file_name if says else None


def normalised(name: str) -> str:
    """Return the form in which names are compared: workspaceId, WORKSPACE_ID are one name."""
    return name.lower().replace("_", "")


def read_exports(project: Project) -> tuple[Export, ...]:
    """Return the declared exports, sorted by name; raise `UsageError` when one is not usable."""
    exports: dict[str, Export] = {}
    for path in sorted(project.declarations.glob("*/_*__sources.yml")):
        for export in _read_file(path, path.relative_to(project.root).as_posix()):
            if export.name in exports:
                message = f"{path.relative_to(project.root)}: {export.name} is declared twice"
                raise UsageError(message)
            exports[export.name] = export
    if not exports:
        message = f"{project.declarations}: no export is declared"
        raise UsageError(message, "declare one in models/staging/<source>/_<source>__sources.yml")
    return tuple(exports[name] for name in sorted(exports))


def _read_file(path: Path, shown: str) -> list[Export]:
    try:
        content = _read_yaml(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = shown if mark is None else f"{shown}:{mark.line + 1}"
        message = f"{place}: is not YAML: {getattr(error, 'problem', None) or 'not UTF-8'}"
        raise UsageError(message) from None
    if content is None:
        return []
    return [
        _read_export(source, table)
        for source in Node(content, shown, "").get("sources").items()
        for table in source.get("tables").items()
        if _loader_meta(table).value is not None
    ]


def _read_yaml(text: str) -> object:
    """Return what a document holds, read by libyaml where there is one: that is ten times faster.

    What it refuses is read again without it, so that errors are worded alike everywhere.
    """
    with suppress(AttributeError, yaml.YAMLError):
        return yaml.load(text, yaml.CSafeLoader)
    return yaml.safe_load(text)


def _loader_meta(node: Node) -> Node:
    for key in ("config", "meta"):
        node = node.get(key)
        if node.value is None:
            return node
    return node.get("loader")


def _read_export(source: Node, table: Node) -> Export:
    meta = _loader_meta(table)
    meta.allow(_TABLE_KEYS)
    columns = tuple(_read_column(node) for node in table.get("columns").items())
    _refuse_shared_names(table, columns)
    account, covers = meta.get("account"), meta.get("covers")
    if account.value is not None and account.value not in [column.name for column in columns]:
        account.refuse(f"is not a column: {account.value!r}")
    schema = source.get("schema")
    return Export(
        source=source.get("name").identifier(),
        table=table.get("name").identifier(),
        schema=(source.get("name") if schema.value is None else schema).identifier(),
        description=_description(table),
        formats=_read_formats(meta.get("format")),
        account_column=None if account.value is None else account.text(),
        columns=columns,
        covers=None if covers.value is None else _read_pattern(covers),
        envelope=read_envelope(meta),
    )


def _read_formats(node: Node) -> tuple[str, ...]:
    """Return one format or a list of them."""
    given = node.value if isinstance(node.value, list) and node.value else [node.value]
    if any(name not in FORMATS for name in given):
        node.refuse(f"is not one of: {', '.join(FORMATS)}")
    return tuple(dict.fromkeys(str(name) for name in given))


def _read_column(node: Node) -> Column:
    meta = _loader_meta(node)
    if meta.value is None:
        meta = Node({}, "", "")
    meta.allow(_COLUMN_KEYS)
    name, header, pattern = node.get("name").identifier(), meta.get("header"), meta.get("pattern")
    return Column(
        name=name,
        type=_read_type(node.get("data_type")),
        description=_description(node),
        header=name if header.value is None else header.text(),
        aliases=tuple(alias.text() for alias in meta.get("aliases").items()),
        is_optional=meta.get("optional").flag(),
        is_not_null=meta.get("not_null").flag(),
        pattern=None if pattern.value is None else _read_pattern(pattern),
    )


def _read_type(node: Node) -> ColumnType:
    try:
        column_type = parse_type(node.text())
    except ValueError as error:
        node.refuse(str(error))
    return column_type


def _read_pattern(node: Node) -> str:
    try:
        re.compile(node.text())
    except re.error as error:
        node.refuse(f"is not a regular expression: {error}")
    return node.text()


def _description(node: Node) -> str:
    description = node.get("description")
    return "" if description.value is None else " ".join(description.text().split())


def _refuse_shared_names(table: Node, columns: tuple[Column, ...]) -> None:
    if not columns:
        table.get("columns").refuse("is missing")
    owners: dict[str, str] = {}
    names: set[str] = set()
    for column in columns:
        for spelling in column.spellings:
            if column.name in names or spelling in owners:
                other = owners.get(spelling, column.name)
                reason = f"{other} and {column.name} have the same name in a file"
                table.get("columns").refuse(reason)
            owners[spelling] = column.name
        names.add(column.name)
