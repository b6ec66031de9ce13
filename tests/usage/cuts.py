"""Parts of a content: hours, pieces, an hour that still grows, and what is wrong."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from random import Random

import generated_usage as usage
from exported_rows import File, Row
from generated_usage import GENERATORS, Rows
from plans import file_of


def rows_of(draws: Random, layout: str) -> Rows:
    return GENERATORS[layout](draws, usage.hours_of(draws))


def hours_in(rows: Iterable[Row]) -> list[datetime]:
    return sorted({row.hour for row in rows})


def of_hours(rows: Iterable[Row], hours: Iterable[datetime]) -> Rows:
    wanted = set(hours)
    return tuple(row for row in rows if row.hour in wanted)


def overlapping(draws: Random, rows: Rows) -> list[Rows]:
    """Cut at hours, and let each piece reach up to four hours into its neighbours."""
    hours = hours_in(rows)
    count = draws.randint(2, min(5, len(hours)))
    cuts = [0, *sorted(draws.sample(range(1, len(hours)), count - 1)), len(hours)]
    return [
        of_hours(rows, hours[max(0, since - draws.randrange(5)) : until + draws.randrange(5)])
        for since, until in pairwise(cuts)
    ]


def in_some_order(draws: Random, rows: Rows) -> Rows:
    """Order a file by hour, by resource or not at all; rows of one key and hour stay together."""
    kind = draws.choice(["hour", "key", "none"])
    if kind == "hour":
        return tuple(sorted(rows, key=lambda row: (row.hour, row.key)))
    if kind == "key":
        return tuple(sorted(rows, key=lambda row: (row.key, row.hour)))
    numbers = {slot: draws.random() for slot in sorted({row.slot for row in rows})}
    return tuple(sorted(rows, key=lambda row: numbers[row.slot]))


def sound_cuts(rows: Rows) -> list[int]:
    """Return where a cut parts no two rows of one key and hour; the middle of hours, if any is."""
    cuts, inside = [], []
    for at in range(1, len(rows)):
        before, after = rows[:at], rows[at:]
        if {row.slot for row in before}.isdisjoint({row.slot for row in after}):
            cuts.append(at)
            if not {row.hour for row in before}.isdisjoint({row.hour for row in after}):
                inside.append(at)
    return inside or cuts


def pieces_of(draws: Random, rows: Rows, cuts: Sequence[int], *, most: int = 4) -> list[Rows]:
    chosen = sorted(draws.sample(cuts, min(len(cuts), draws.randint(1, most))))
    ends = [0, *chosen, len(rows)]
    return [rows[since:until] for since, until in pairwise(ends)]


def still_growing(draws: Random, layout: str, rows: Rows, hours: Sequence[datetime]) -> File:
    """Return an export of these hours that was made while the last one to three still grew."""
    growing_hours = set(hours[-draws.randint(1, 3) :])
    grown = [
        usage.with_less(layout, row) if row.hour in growing_hours else row
        for row in of_hours(rows, hours)
    ]
    kept = [row for row in grown if row.hour not in growing_hours or draws.random() < 0.7]
    return replace(file_of(draws, layout, kept or grown), note="still growing")


def garbage_in(draws: Random, layout: str, rows: Rows) -> File:
    hours = hours_in(rows)
    wrong = of_hours(rows, draws.sample(hours, draws.randint(1, 3)))
    beyond = [usage.moved(row, 200) for row in wrong[:2]]
    spoilt = [usage.with_more(layout, row) for row in (*wrong, *beyond)]
    return File(layout, tuple(spoilt), note="garbage")
