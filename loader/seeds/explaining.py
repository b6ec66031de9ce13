"""From a failed test of seeds to the lines of the files that made it fail.

A test of seeds returns columns of its seed, which say which rows are wrong, and where dbt's own
tests do not, the columns `problem` and `advice`, which say what is wrong and what to do.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any

import psycopg
from psycopg import Connection, sql

from loader.personal_data import masked
from loader.seeds.declared import Seed
from loader.seeds.problem import SeedProblem, shown_cells
from loader.seeds.rows import Table, read_table

# dbt's own tests return the column they look at under names of their own.
_TESTED = ("unique_field", "value_field", "from_field")
_WORDS = ("problem", "advice")
_LINE = "_line"
_SETTINGS = "set local statement_timeout = '30s'"


@dataclass(frozen=True)
class SeedTest:
    """A failed test that looks at seeds alone, and the query that finds its rows.

    `kind` is the generic test, such as not_null; `column` the one it is declared on, if any;
    `arguments` what it is declared with.
    """

    name: str
    kind: str
    seed: str
    query: str
    column: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)


def explain(
    connection: Connection, schema: str, seeds: Iterable[Seed], tests: Sequence[SeedTest]
) -> tuple[SeedProblem, ...]:
    """Return the rows each failed test found; none for a test whose rows cannot be asked for.

    `schema` holds the seeds' tables. `connection` must not be in a transaction; nothing is left in
    the database.
    """
    declared = {seed.name: seed for seed in seeds}
    problems: list[SeedProblem] = []
    by_seed = attrgetter("seed")
    for name, failed in groupby(sorted(tests, key=by_seed), key=by_seed):
        if name in declared:
            table = read_table(declared[name])
            for test in failed:
                with suppress(psycopg.Error):
                    problems += _explain_one(connection, schema, declared[name], table, test)
    return tuple(sorted(problems, key=lambda problem: (problem.place, problem.line or 0)))


def _explain_one(
    connection: Connection, schema: str, seed: Seed, table: Table, test: SeedTest
) -> list[SeedProblem]:
    with connection.transaction(force_rollback=True):
        connection.execute(_SETTINGS)
        _copy_lines(connection, sql.Identifier(schema, seed.name), table)
        query = sql.SQL("({}\n)").format(sql.SQL(test.query))
        returned = _names(connection, query)
        keys = {name: name for name in returned if name in seed.columns}
        keys |= {name: test.column for name in returned if name in _TESTED and test.column}
        found = connection.execute(_lines_of(query, keys, returned)).fetchall() if keys else []
    rows = {row.line: row.cells for row in table.rows}
    names = _columns_to_show(seed, test, set(keys.values()))
    problems = []
    for line, problem, advice in found:
        # Words may quote another row.
        reason, hint = (masked(problem), advice) if problem else _words(test)
        cells = shown_cells({name: rows[line][name] for name in names}) if line else {}
        problems.append(SeedProblem(seed.place, line, test.column, reason, hint, cells, test.name))
    return problems


def _copy_lines(connection: Connection, relation: sql.Identifier, table: Table) -> None:
    """Make a table of the seed's rows, cast as dbt casts them, and of the lines they stand on."""
    connection.execute(
        sql.SQL(
            "create temporary table seed_lines on commit drop as"
            " select null::bigint as {}, * from {} limit 0"
        ).format(sql.Identifier(_LINE), relation)
    )
    columns = sql.SQL(", ").join(map(sql.Identifier, (_LINE, *table.header)))
    copy = sql.SQL("copy pg_temp.seed_lines ({}) from stdin").format(columns)
    with connection.cursor().copy(copy) as rows:
        for row in table.rows:
            rows.write_row((row.line, *(row.cells[name] for name in table.header)))


def _lines_of(
    query: sql.Composed, keys: Mapping[str, str], returned: Sequence[str]
) -> sql.Composed:
    """Return SQL for line, problem and advice of each row that a test's query returns.

    `keys` are columns of the seed by the names under which the query returns them.
    """
    join = sql.SQL(" and ").join(
        sql.SQL("lines.{} is not distinct from failing.{}").format(
            sql.Identifier(column), sql.Identifier(name)
        )
        for name, column in keys.items()
    )
    words = [
        sql.SQL("failing.{}").format(sql.Identifier(name)) if name in returned else sql.SQL("null")
        for name in _WORDS
    ]
    return sql.SQL(
        "select distinct lines.{}, {}::text, {}::text"
        " from {} as failing left join pg_temp.seed_lines as lines on {}"
    ).format(sql.Identifier(_LINE), *words, query, join)


def _names(connection: Connection, query: sql.Composed) -> list[str]:
    cursor = connection.execute(sql.SQL("select * from {} as failing limit 0").format(query))
    return [column.name for column in cursor.description or ()]


def _columns_to_show(seed: Seed, test: SeedTest, returned: set[str]) -> list[str]:
    """Return what the test returned, or of a whole row, the columns that the test is about."""
    if len(returned) == len(seed.columns) > 1:
        about = {*re.findall(r"\w+", repr(list(test.arguments.values()))), test.column}
        returned = returned & about
    return [name for name in seed.columns if name in returned]


def _words(test: SeedTest) -> tuple[str, str | None]:
    """Say what is wrong, and what to do, where the test itself does not say it."""
    word = _OF_DBT.get(test.kind)
    return word(test.arguments) if word else (f"fails the test {test.name}", None)


_Words = Callable[[Mapping[str, Any]], tuple[str, str]]
_OF_DBT: Mapping[str, _Words] = {
    "unique": lambda _: ("stands more than once", "keep one of the rows, or tell them apart"),
    "not_null": lambda _: ("is empty", "fill it in"),
    "accepted_values": lambda arguments: (
        "is not an accepted value",
        f"write one of: {', '.join(map(str, arguments['values']))}",
    ),
    "relationships": lambda arguments: (
        f"is not in {_seed_named(arguments)}",
        f"write one that is there (column {arguments['field']}), or add it there",
    ),
}


def _seed_named(arguments: Mapping[str, Any]) -> str:
    named = re.search(r"ref\(\s*['\"](\w+)['\"]", str(arguments["to"]))
    return f"{named[1]}.csv" if named else str(arguments["to"])
