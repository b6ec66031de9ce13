"""Proof that PostgreSQL will take every cell of every seed, before dbt tries.

PostgreSQL judges whether a cell can be cast. What it would take and round, or read by a setting of
the session, such as 01/02/2026, is refused by the same rules as an export's cell.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from psycopg import Connection

from loader.column_types import ColumnType, parse_type
from loader.exports import Column
from loader.personal_data import masked
from loader.seeds.declared import Seed
from loader.seeds.problem import SeedProblem, shown_cells
from loader.seeds.rows import Row, Table, read_table
from loader.values import Check, compile_check, expected

_NOT_CASTABLE = """
    select
        cells.number,
        (pg_catalog.pg_input_error_info(cells.cell, cells.type)).message
    from unnest(%s::bigint[], %s::text[], %s::text[]) as cells (number, cell, type)
    where not pg_catalog.pg_input_is_valid(cells.cell, cells.type)
"""
_FREE = {"text"}
_WHOLE_NUMBERS = {"integer": "bigint", "smallint": "bigint"}


@dataclass(frozen=True)
class _Cell:
    seed: Seed
    row: Row
    column: str
    text: str

    @property
    def type(self) -> str:
        return self.seed.columns[self.column]

    def problem(self, reason: str, advice: str | None) -> SeedProblem:
        cells = shown_cells({self.column: self.text})
        return SeedProblem(self.seed.place, self.row.line, self.column, reason, advice, cells)


def check_seeds(connection: Connection, seeds: Sequence[Seed]) -> tuple[SeedProblem, ...]:
    """Return every problem that would keep dbt from loading the seeds as they are declared."""
    problems: list[SeedProblem] = []
    open_cells: list[_Cell] = []
    for seed in seeds:
        table = read_table(seed)
        problems += table.problems
        for cell in _cells(seed, table):
            refused = _refusal(cell)
            if refused is None:
                open_cells.append(cell)
            else:
                problems.append(refused)
    problems += _not_castable(connection, open_cells)
    return tuple(sorted(problems, key=lambda problem: (problem.place, problem.line or 0)))


def _cells(seed: Seed, table: Table) -> Iterator[_Cell]:
    """Yield the cells that hold something and whose type is more than text."""
    typed = [name for name in table.header if seed.columns[name] not in _FREE]
    for row in table.rows:
        for name in typed:
            if (text := row.cells[name]) is not None:
                yield _Cell(seed, row, name, text)


def _refusal(cell: _Cell) -> SeedProblem | None:
    """Return why a cell is refused; None where PostgreSQL is still to be asked."""
    try:
        column_type = parse_type(_WHOLE_NUMBERS.get(cell.type, cell.type))
    except ValueError:
        return None
    reason = _check_of(column_type)(cell.text)
    return None if reason is None else cell.problem(reason, expected(_any_column(column_type)))


@cache
def _check_of(column_type: ColumnType) -> Check:
    return compile_check(_any_column(column_type))


def _any_column(column_type: ColumnType) -> Column:
    return Column("", column_type, "", "")


def _not_castable(connection: Connection, cells: Sequence[_Cell]) -> list[SeedProblem]:
    columns = [
        list(range(len(cells))),
        [cell.text for cell in cells],
        [cell.type for cell in cells],
    ]
    found = connection.execute(_NOT_CASTABLE, columns).fetchall()
    return [cells[number].problem("is refused by PostgreSQL", masked(why)) for number, why in found]
