from pathlib import Path

import pytest

from loader.column_types import ColumnType
from loader.errors import UsageError
from loader.exports import Column, Export, read_exports
from loader.project import Project

DECLARATION = r"""
version: 2
sources:
  - name: vendor
    schema: raw_vendor
    tables:
      - name: usage
        description: >
          Hours
          used.
        config:
          loaded_at_query: select max(hour) from {{ this }}
          meta:
            loader:
              format: csv
              account: tenant
              covers: 'tenant=[0-9]+\.csv'
        columns:
          - name: tenant
            data_type: text
            description: Who.
            config: {meta: {loader: {header: tenantId, aliases: [customer], pattern: '[0-9]+'}}}
          - name: hours
            data_type: numeric(38, 18)
            config: {meta: {loader: {not_null: true, optional: true}}}
          - name: noted
            data_type: date
"""


def declared(folder: Path, declaration: str, source: str = "vendor") -> tuple[Export, ...]:
    path = folder / "models" / "staging" / source / f"_{source}__sources.yml"
    path.parent.mkdir(parents=True)
    path.write_text(declaration)
    return read_exports(Project(folder))


def test_an_export_is_read_from_its_dbt_source(tmp_path: Path) -> None:
    assert declared(tmp_path, DECLARATION) == (
        Export(
            source="vendor",
            table="usage",
            schema="raw_vendor",
            description="Hours used.",
            formats=("csv",),
            account_column="tenant",
            columns=(
                Column(
                    name="tenant",
                    type=ColumnType("text"),
                    description="Who.",
                    header="tenantId",
                    aliases=("customer",),
                    pattern="[0-9]+",
                ),
                Column(
                    name="hours",
                    type=ColumnType("numeric", 38, 18),
                    description="",
                    header="hours",
                    is_optional=True,
                    is_not_null=True,
                ),
                Column(name="noted", type=ColumnType("date"), description="", header="noted"),
            ),
            covers=r"tenant=[0-9]+\.csv",
        ),
    )


def test_the_declared_exports_of_this_project(exports: tuple[Export, ...]) -> None:
    assert [(export.name, export.formats, export.account_column) for export in exports] == [
        ("databricks.billable_usage", ("csv",), "workspace_id"),
        ("infrasage.usage_breakdown", ("jsonl",), None),
        ("infrasage.usage_metering", ("csv", "jsonl"), "tenant_id"),
        ("metronome.usage_events", ("jsonl",), None),
        ("spacelift.run_minutes", ("csv",), None),
        ("spacelift.worker_count", ("csv",), None),
        ("tecton.billable_usage_v1", ("csv",), "account_name"),
        ("tecton.billable_usage_v2", ("csv",), "account_name"),
    ]


NAMES = [
    ("workspaceId=1730562984417093-usageMonth=2026-10.csv", True),
    ("workspaceId=1-usageMonth=2026-10.csv.bak", False),
    ("old-workspaceId=1-usageMonth=2026-10.csv", False),
    ("workspaceId=1-usageMonth=2026-10xcsv", False),
    ("usage.csv", False),
]


@pytest.mark.parametrize(("name", "says"), NAMES)
def test_what_a_file_covers_is_told_by_its_whole_name(
    exports: tuple[Export, ...], name: str, *, says: bool
) -> None:
    databricks, *others = exports
    assert databricks.covered_by(name) == (name if says else None)
    assert [export.covered_by(name) for export in others] == [None] * len(others)


def test_a_source_table_without_loader_settings_is_no_export(tmp_path: Path) -> None:
    declared(tmp_path, DECLARATION)
    ledger = "sources: [{name: loader, tables: [{name: loads}, {name: rejects, config: {}}]}]"
    assert [export.name for export in declared(tmp_path, ledger, "loader")] == ["vendor.usage"]


TABLE = "models/staging/vendor/_vendor__sources.yml: sources.vendor.tables.usage"
NAME_HINT = "\n  use a letter, then lower-case letters, digits and _, 63 characters at most"
TYPES = "text, boolean, bigint, timestamp, timestamptz, date, jsonb, numeric(p, s)"

# What is changed in the declaration, into what, and the error.
MISTAKES = [
    (
        "format: csv",
        "format: xml",
        f"{TABLE}.config.meta.loader.format: is not one of: csv, jsonl",
    ),
    (
        "format: csv",
        "layout: csv",
        (
            f"{TABLE}.config.meta.loader.layout: is not a key the loader knows"
            "\n  known keys: format, account, covers, envelope"
        ),
    ),
    (
        "account: tenant",
        "account: nobody",
        f"{TABLE}.config.meta.loader.account: is not a column: 'nobody'",
    ),
    (
        r"covers: 'tenant=[0-9]+\.csv'",
        "covers: 'tenant=('",
        (
            f"{TABLE}.config.meta.loader.covers: is not a regular expression:"
            " missing ), unterminated subpattern at position 7"
        ),
    ),
    (
        r"covers: 'tenant=[0-9]+\.csv'",
        "covers: true",
        f"{TABLE}.config.meta.loader.covers: is not text: True\n  put it in quotes",
    ),
    (
        "header: tenantId",
        "heading: tenantId",
        (
            f"{TABLE}.columns.tenant.config.meta.loader.heading: is not a key the loader knows"
            "\n  known keys: header, aliases, optional, not_null, pattern"
        ),
    ),
    (
        "header: tenantId",
        "header: 7",
        f"{TABLE}.columns.tenant.config.meta.loader.header: is not text: 7\n  put it in quotes",
    ),
    (
        "aliases: [customer]",
        "aliases: customer",
        f"{TABLE}.columns.tenant.config.meta.loader.aliases: is not a list",
    ),
    (
        "optional: true",
        "optional: maybe",
        f"{TABLE}.columns.hours.config.meta.loader.optional: is not true or false: 'maybe'",
    ),
    (
        "'[0-9]+'",
        "'[0-9'",
        (
            f"{TABLE}.columns.tenant.config.meta.loader.pattern: is not a regular expression:"
            " unterminated character set at position 0"
        ),
    ),
    ("data_type: text", "type: text", f"{TABLE}.columns.tenant.data_type: is missing"),
    (
        "data_type: text",
        "data_type: varchar",
        f"{TABLE}.columns.tenant.data_type: is not a supported type: 'varchar'; use one of {TYPES}",
    ),
    (
        "numeric(38, 18)",
        "numeric(18, 38)",
        f"{TABLE}.columns.hours.data_type: needs 1 <= p <= 1000 and 0 <= s <= p: 'numeric(18, 38)'",
    ),
    (
        "data_type: text",
        "data_type: '{{ text }}'",
        (
            f"{TABLE}.columns.tenant.data_type: holds Jinja"
            "\n  write the value itself: the loader renders nothing"
        ),
    ),
    (
        "description: Who.",
        "description: '{{ doc(\"who\") }}'",
        (
            f"{TABLE}.columns.tenant.description: holds Jinja"
            "\n  write the value itself: the loader renders nothing"
        ),
    ),
    (
        "name: noted",
        "name: Noted",
        f"{TABLE}.columns.Noted.name: is not a name for PostgreSQL: 'Noted'{NAME_HINT}",
    ),
    (
        "name: noted",
        'name: a"; drop table t; --',
        (
            f'{TABLE}.columns.a"; drop table t; --.name: is not a name for PostgreSQL: '
            f"'a\"; drop table t; --'{NAME_HINT}"
        ),
    ),
    (
        "schema: raw_vendor",
        f"schema: {'x' * 64}",
        (
            "models/staging/vendor/_vendor__sources.yml: sources.vendor.schema: "
            f"is not a name for PostgreSQL: '{'x' * 64}'{NAME_HINT}"
        ),
    ),
    (
        "name: noted",
        "name: tenant_id",
        f"{TABLE}.columns: tenant and tenant_id have the same name in a file",
    ),
    (
        "name: noted",
        "name: CUSTOMER",
        f"{TABLE}.columns.CUSTOMER.name: is not a name for PostgreSQL: 'CUSTOMER'{NAME_HINT}",
    ),
    (
        "        columns:",
        "        rows:",
        f"{TABLE}.columns: is missing",
    ),
    (
        "  - name: vendor",
        "  - name: [vendor",
        (
            "models/staging/vendor/_vendor__sources.yml:5: is not YAML: "
            "expected ',' or ']', but got ':'"
        ),
    ),
]


@pytest.mark.parametrize(("before", "after", "error"), MISTAKES)
def test_a_mistake_is_named_with_file_and_key(
    tmp_path: Path, before: str, after: str, error: str
) -> None:
    assert before in DECLARATION
    with pytest.raises(UsageError) as mistake:
        declared(tmp_path, DECLARATION.replace(before, after))
    assert str(mistake.value) == error


def test_an_export_is_declared_once(tmp_path: Path) -> None:
    declared(tmp_path, DECLARATION)
    with pytest.raises(UsageError) as mistake:
        declared(tmp_path, DECLARATION, "vendor_again")
    assert str(mistake.value) == (
        "models/staging/vendor_again/_vendor_again__sources.yml: vendor.usage is declared twice"
    )


def test_a_project_without_exports_says_where_they_belong(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as mistake:
        read_exports(Project(tmp_path))
    assert str(mistake.value) == (
        f"{tmp_path}/models/staging: no export is declared\n"
        "  declare one in models/staging/<source>/_<source>__sources.yml"
    )
