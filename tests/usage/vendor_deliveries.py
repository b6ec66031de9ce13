"""Ways of delivering that one vendor alone has."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

import generated_usage as usage
from cuts import (
    garbage_in,
    hours_in,
    of_hours,
    overlapping,
    pieces_of,
    rows_of,
    sound_cuts,
    still_growing,
)
from exported_rows import File, Row
from plans import Plan, file_of, shuffled, with_withdrawn


def block_repeated(draws: Random, layout: str) -> Plan:
    """A block of rows stands in the file two or three times."""
    rows = rows_of(draws, layout)
    first = draws.randrange(len(rows) - 1)
    block = rows[first : draws.randint(first + 1, len(rows))]
    place = draws.randrange(len(rows) + 1)
    again = (*rows[:place], *block * draws.randint(1, 2), *rows[place:])
    return Plan((File(layout, rows),), (file_of(draws, layout, again),))


def month_overwritten(draws: Random, layout: str) -> Plan:
    """The month's file, overwritten daily under its own name: it grows, and rows vanish from it."""
    rows = rows_of(draws, layout)
    hours = hours_in(rows)
    month = f"workspaceId={{account}}-usageMonth={hours[0]:%Y-%m}"
    files = []
    for day in range(1, 7):
        until = hours[: max(1, len(hours) * day // 7)]
        kept = still_growing(draws, layout, rows, until).rows
        vanishing = tuple(
            usage.with_more(layout, usage.moved(row, draws.choice([-1, 0, 1])))
            for row in draws.sample(rows, 2)
        )
        grown = replace(file_of(draws, layout, (*kept, *vanishing)), note="with rows that vanish")
        files.append(replace(grown, name=month))
    return Plan((File(layout, rows),), (*files, File(layout, rows, name=month)))


def ten_to_twelve_columns(draws: Random, layout: str) -> Plan:
    """The same hours with ten, eleven and twelve columns; the newest says which tags count."""
    rows = rows_of(draws, layout)
    forms = [layout, f"{layout} of 11 columns", f"{layout} of 10 columns"]
    draws.shuffle(forms)
    files = [file_of(draws, form, rows) for form in forms]
    files.insert(draws.randrange(3), file_of(draws, forms[0], rows[: len(rows) // 2]))
    return Plan((File(forms[-1], rows),), tuple(files))


def both_versions(draws: Random, layout: str) -> Plan:
    """Hourly files of versions 1 and 2, of which version 2 counts where it has the hour."""
    rows = usage.tecton_v1(draws, usage.hours_of(draws, per_day=3))
    hours = hours_in(rows)
    in_v1 = set(draws.choice([hours, hours[: draws.randint(1, len(hours))]]))
    in_v2 = set(hours[draws.randint(0, len(hours) // 2) :]) | (set(hours) - in_v1)
    old = {hour: of_hours(rows, [hour]) for hour in hours}
    new = {hour: tuple(usage.as_tecton_v2(row) for row in old[hour]) for hour in hours}
    v1 = [file_of(draws, layout, old[hour]) for hour in hours if hour in in_v1]
    v2 = [file_of(draws, "tecton v2", new[hour]) for hour in hours if hour in in_v2]
    orders = [(*v1, *v2), (*v2, *v1), shuffled(draws, [*v1, *v2])]
    clean = (
        File("tecton v2", tuple(row for hour in hours if hour in in_v2 for row in new[hour])),
        File(layout, tuple(row for hour in hours if hour not in in_v2 for row in old[hour])),
    )
    return Plan(tuple(file for file in clean if file.rows), draws.choice(orders))


def newer_version_withdrawn(draws: Random, layout: str) -> Plan:
    """Version 2 of some hours is withdrawn, and version 1 counts again."""
    rows = usage.tecton_v1(draws, usage.hours_of(draws, per_day=3))
    files = [file_of(draws, layout, of_hours(rows, [hour])) for hour in hours_in(rows)]
    wrong = [usage.as_tecton_v2(row) for row in garbage_in(draws, layout, rows).rows]
    newer = replace(file_of(draws, "tecton v2", wrong), note="garbage")
    return with_withdrawn(draws, File(layout, rows), files, [newer])


def both_groupings(draws: Random, layout: str) -> Plan:
    """One period by run state and by run type: the states count where they have the hour."""
    rows = rows_of(draws, layout)
    hours = hours_in(rows)
    detailed = hours[draws.choice([0, 0, len(hours) // 3]) :]
    states, types = of_hours(rows, detailed), usage.by_type(rows)
    rest = of_hours(types, [hour for hour in hours if hour not in detailed])
    parted = pieces_of(draws, states, sound_cuts(states))
    pieces = draws.choice([overlapping(draws, states), parted])
    files = [file_of(draws, layout, piece) for piece in pieces]
    files += [
        replace(file_of(draws, layout, piece), note="by type")
        for piece in draws.choice([[types], overlapping(draws, types)])
    ]
    clean = (File(layout, states), File(layout, rest, note="by type"))
    return Plan(tuple(file for file in clean if file.rows), shuffled(draws, files))


def states_withdrawn(draws: Random, layout: str) -> Plan:
    """The grouping by run state is withdrawn, and the one by run type counts again."""
    rows = rows_of(draws, layout)
    types = usage.by_type(rows)
    files = [
        replace(file_of(draws, layout, piece), note="by type")
        for piece in overlapping(draws, types)
    ]
    clean = File(layout, types, note="by type")
    return with_withdrawn(draws, clean, files, [garbage_in(draws, layout, rows)])


def retried_in_order(draws: Random, layout: str) -> Plan:
    """Retries, the same or with another payload or stamp, arrive after the event they repeat."""
    rows = rows_of(draws, layout)
    retries = [_retry(draws, row) for row in rows if draws.random() < 0.5]
    rest = sorted(draws.sample(range(len(rows)), len(rows) // 2))
    first = tuple(row for number, row in enumerate(rows) if number not in rest)
    second = (*(rows[number] for number in rest), *retries)
    files = (file_of(draws, layout, first), file_of(draws, layout, second))
    return Plan((File(layout, rows),), files)


def retried_in_any_order(draws: Random, layout: str) -> Plan:
    """Events and their later retries lie in several files, in any order: the first counts."""
    rows = rows_of(draws, layout)
    retries = [_retry(draws, row) for row in rows if draws.random() < 0.5]
    return Plan((File(layout, rows),), _dealt(draws, layout, [*rows, *retries]))


def used_again_after_34_days(draws: Random, layout: str) -> Plan:
    """An id is used again after the 34 days in which it is ignored: a new event, which counts."""
    rows = rows_of(draws, layout)
    again = [_later(draws, row, 37, 60) for row in rows if draws.random() < 0.5]
    retries = [_retry(draws, row) for row in (*rows, *again) if draws.random() < 0.3]
    return Plan((File(layout, (*rows, *again)),), _dealt(draws, layout, [*rows, *again, *retries]))


def ignored_ids_do_not_extend_34_days(draws: Random, layout: str) -> Plan:
    """The 34 days run from the event that was accepted, not from one that was ignored."""
    rows = rows_of(draws, layout)
    chosen = [row for row in rows if draws.random() < 0.5]
    ignored = [_later(draws, row, 15, 25) for row in chosen]
    again = [_later(draws, row, 36, 45) for row in chosen]
    return Plan((File(layout, (*rows, *again)),), _dealt(draws, layout, [*rows, *ignored, *again]))


def _retry(draws: Random, row: Row) -> Row:
    """Send the event again: as it was, with a later stamp, or with that and another payload."""
    kind = draws.choice(["same", "later", "different"])
    if kind == "same":
        return row
    cells = dict(row.cells)
    if kind == "different":
        cells["properties"] = {"bytes": "retry"}
    return Row(row.at + timedelta(seconds=draws.randint(1, 2 * 86_400)), row.key, cells)


def _later(draws: Random, row: Row, least_days: int, most_days: int) -> Row:
    cells = row.cells | {"properties": {"bytes": "later"}}
    days = timedelta(days=draws.randint(least_days, most_days))
    return Row(row.at + days, row.key, cells)


def _dealt(draws: Random, layout: str, rows: Sequence[Row]) -> tuple[File, ...]:
    """Deal rows, in any order, to two to four files."""
    hands: list[list[Row]] = [[] for _ in range(draws.randint(2, 4))]
    for row in draws.sample(rows, len(rows)):
        draws.choice(hands).append(row)
    return tuple(file_of(draws, layout, hand) for hand in hands if hand)
