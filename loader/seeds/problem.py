"""What is wrong with a row of a seed, as a person reads it: where, what, and what to do.

Cells are shown: a seed holds what people decided. What looks like an e-mail address is masked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from loader.personal_data import masked
from loader.problems import MAX_SHOWN, counted, shortened

Cells = Mapping[str, str | None]


@dataclass(frozen=True)
class SeedProblem:
    """One wrong row; `line` is None where it is not known, `column` where the row is wrong as one.

    `cells` are the cells that matter, already masked; `test` is the dbt test that failed, if any.
    """

    place: str
    line: int | None
    column: str | None
    problem: str
    advice: str | None = None
    cells: Cells = field(default_factory=dict)
    test: str | None = None

    def __str__(self) -> str:
        where = self.place if self.line is None else f"{self.place}:{self.line}"
        first = f"{where}: {self.column or 'the row'} {self.problem}{self._shown()}"
        return first if self.advice is None else f"{first}\n  {self.advice}"

    def _shown(self) -> str:
        cells = {name: cell for name, cell in self.cells.items() if cell}
        if cells.keys() == {self.column}:
            return f": {', '.join(shortened(cell) for cell in cells.values())}"
        pairs = (f"{name} {shortened(cell)}" for name, cell in cells.items())
        return f": {', '.join(pairs)}" if cells else ""


def shown_cells(cells: Cells) -> Cells:
    """Return the cells with a mask in the place of every e-mail address."""
    return {name: None if cell is None else masked(cell) for name, cell in cells.items()}


def told(problems: Sequence[SeedProblem]) -> list[str]:
    """Return the first twenty problems, and the total in words."""
    if not problems:
        return []
    seeds = len({problem.place for problem in problems})
    total = f"{counted(len(problems), 'problem')} in {counted(seeds, 'seed')}"
    hidden = len(problems) - MAX_SHOWN
    ends = f"{total}, {hidden:,} of them not shown" if hidden > 0 else total
    return [*(str(problem) for problem in problems[:MAX_SHOWN]), ends]
