"""What a case delivers: files, the order in which they are loaded and withdrawn, the clean ones."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Literal, NamedTuple

from exported_rows import File, Row


class Step(NamedTuple):
    """One command: load, or withdraw, the file of this number."""

    action: Literal["load", "withdraw"]
    file: int


@dataclass(frozen=True)
class Plan:
    """What is delivered, and the clean files it must equal."""

    clean: tuple[File, ...]
    files: tuple[File, ...]
    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        if not self.steps:
            steps = tuple(Step("load", number) for number in range(len(self.files)))
            object.__setattr__(self, "steps", steps)


Way = Callable[[Random, str], Plan]


def file_of(draws: Random, layout: str, rows: Iterable[Row]) -> File:
    return File(layout, tuple(rows), draws.randrange(30))


def shuffled(draws: Random, files: Sequence[File]) -> tuple[File, ...]:
    return tuple(draws.sample(files, len(files)))


def with_withdrawn(
    draws: Random, clean: File, files: Sequence[File], wrong: Sequence[File]
) -> Plan:
    """Load all in any order; withdraw what is wrong, each at some time after it was loaded."""
    order = draws.sample(range(len(files) + len(wrong)), len(files) + len(wrong))
    steps = [Step("load", number) for number in order]
    for number in range(len(files), len(order)):
        load = steps.index(Step("load", number))
        steps.insert(draws.randint(load + 1, len(steps)), Step("withdraw", number))
    # Bytes that were loaded before would not be loaded again: each garbage is a file of its own.
    garbage = [replace(file, style=30 + number) for number, file in enumerate(wrong)]
    return Plan((clean,), (*files, *garbage), tuple(steps))
