"""Ways to deliver any vendor's usage: cut, overlapping, repeated, restated, in any order.

Each way takes the seeded draws and a layout, and returns a plan.
"""

from datetime import timedelta
from random import Random

import generated_usage as usage
from cuts import (
    garbage_in,
    hours_in,
    in_some_order,
    overlapping,
    pieces_of,
    rows_of,
    sound_cuts,
    still_growing,
)
from exported_rows import File
from generated_usage import GENERATORS, Rows
from plans import Plan, file_of, shuffled, with_withdrawn


def whole(draws: Random, layout: str) -> Plan:
    rows = rows_of(draws, layout)
    return Plan((File(layout, rows),), (file_of(draws, layout, rows),))


def cut_at_hours(draws: Random, layout: str) -> Plan:
    rows = rows_of(draws, layout)
    pieces = [file_of(draws, layout, piece) for piece in overlapping(draws, rows)]
    return Plan((File(layout, rows),), shuffled(draws, pieces))


def cut_anywhere(draws: Random, layout: str) -> Plan:
    """Cut between any two rows, but not between two of one record key and hour."""
    rows = in_some_order(draws, rows_of(draws, layout))
    pieces = [file_of(draws, layout, piece) for piece in pieces_of(draws, rows, sound_cuts(rows))]
    return Plan((File(layout, rows),), shuffled(draws, pieces))


def pieces_repeated(draws: Random, layout: str) -> Plan:
    """Cut in the middle of hours, and each piece delivered once or twice, in any order."""
    rows = in_some_order(draws, rows_of(draws, layout))
    files = [
        File(layout, piece, style)
        for piece in pieces_of(draws, rows, sound_cuts(rows))
        for style in draws.sample(range(1, 30), draws.randint(1, 2))
    ]
    return Plan((File(layout, rows),), shuffled(draws, files))


def cut_inside_equal_keys(draws: Random, layout: str) -> Plan:
    """Cut between two rows of one record key and hour: nothing tells that from a restatement."""
    rows = _rows_of_equal_keys(draws, layout)
    cuts = [at for at in range(1, len(rows)) if rows[at - 1].slot == rows[at].slot]
    pieces = [file_of(draws, layout, piece) for piece in pieces_of(draws, rows, cuts, most=1)]
    return Plan((File(layout, rows),), shuffled(draws, pieces))


def repeated(draws: Random, layout: str) -> Plan:
    """The whole file again and again, never the same bytes."""
    rows = rows_of(draws, layout)
    styles = draws.sample(range(1, 30), draws.randint(2, 4))
    return Plan((File(layout, rows),), tuple(File(layout, rows, style) for style in styles))


def growing(draws: Random, layout: str) -> Plan:
    """Each export begins at the same hour and goes further; its last hours grow in the next."""
    rows = rows_of(draws, layout)
    hours = hours_in(rows)
    ends = sorted(draws.sample(range(2, len(hours)), draws.randint(2, 3)))
    files = [still_growing(draws, layout, rows, hours[:end]) for end in ends]
    return Plan((File(layout, rows),), (*files, file_of(draws, layout, rows)))


def sliding_windows(draws: Random, layout: str) -> Plan:
    """The last thirty days, asked for every week: the oldest hours leave, the newest grow."""
    rows = GENERATORS[layout](draws, usage.hours_of(draws, days=range(0, 56, 4), per_day=2))
    first = rows[0].hour.replace(hour=0)
    files = []
    for day in (30, 37, 44, 51):
        since, until = first + timedelta(days=day - 30), first + timedelta(days=day)
        hours = [hour for hour in hours_in(rows) if since <= hour < until]
        files.append(still_growing(draws, layout, rows, hours))
    late = first + timedelta(days=26)
    last = tuple(row for row in rows if row.hour >= late)
    return Plan((File(layout, rows),), (*files, file_of(draws, layout, last)))


def withdrawn(draws: Random, layout: str) -> Plan:
    """A load of wrong quantities, and of an hour that never was, is withdrawn again."""
    rows = rows_of(draws, layout)
    pieces = [file_of(draws, layout, piece) for piece in overlapping(draws, rows)]
    return with_withdrawn(draws, File(layout, rows), pieces, [garbage_in(draws, layout, rows)])


def everything_at_once(draws: Random, layout: str) -> Plan:
    """Overlapping pieces, most of them more than once, and two withdrawals in between."""
    rows = rows_of(draws, layout)
    pieces = [
        File(layout, piece, style)
        for piece in overlapping(draws, rows)
        for style in draws.choices(range(1, 30), k=draws.randint(1, 2))
    ]
    same_bytes = draws.choice(pieces)
    wrong = [garbage_in(draws, layout, rows) for _ in range(2)]
    return with_withdrawn(draws, File(layout, rows), [*pieces, same_bytes], wrong)


def _rows_of_equal_keys(draws: Random, layout: str) -> Rows:
    hours = usage.hours_of(draws)
    if layout == "infrasage":
        return usage.infrasage(draws, hours, unmerged=0.7)
    generate = usage.tecton_v1 if layout == "tecton v1" else usage.tecton_v2
    return generate(draws, hours, equal=0.7)
