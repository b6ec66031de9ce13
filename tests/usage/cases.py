"""The cases: one for each kind of delivery in turn, always the same for a seed and a number."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import NamedTuple

import deliveries
import vendor_deliveries
from generated_usage import QUANTITIES
from plans import Plan, Way

SEED = int(os.environ.get("USAGE_SEED", "1"))
COUNT = int(os.environ.get("USAGE_CASES", "144"))
ONLY = os.environ.get("USAGE_CASE", "")
# Files arrive in all phases but the last, in which nothing happens but withdrawals.
PHASES = 4

_ANY = {
    "one clean file": deliveries.whole,
    "cut at hours, overlapping": deliveries.cut_at_hours,
    "cut anywhere": deliveries.cut_anywhere,
    "cut anywhere, pieces repeated": deliveries.pieces_repeated,
    "whole file repeated": deliveries.repeated,
    "growing exports": deliveries.growing,
    "garbage withdrawn": deliveries.withdrawn,
    "everything at once": deliveries.everything_at_once,
}
_SLIDING = {"sliding windows": deliveries.sliding_windows}
_INSIDE = {"cut inside equal keys": deliveries.cut_inside_equal_keys}
_WAYS: dict[str, dict[str, Way]] = {
    "databricks": {
        **_ANY,
        "block repeated": vendor_deliveries.block_repeated,
        "month overwritten": vendor_deliveries.month_overwritten,
        "ten to twelve columns": vendor_deliveries.ten_to_twelve_columns,
    },
    "tecton v1": {
        **_ANY,
        **_INSIDE,
        "both versions": vendor_deliveries.both_versions,
        "newer version withdrawn": vendor_deliveries.newer_version_withdrawn,
    },
    "tecton v2": {**_ANY, **_INSIDE},
    "spacelift workers": {**_ANY, **_SLIDING},
    "spacelift runs": {
        **_ANY,
        **_SLIDING,
        "both groupings": vendor_deliveries.both_groupings,
        "states withdrawn": vendor_deliveries.states_withdrawn,
    },
    "infrasage": {**_ANY, **_INSIDE},
    "metronome": {
        **_ANY,
        "retries arriving later": vendor_deliveries.retried_in_order,
        "retries in any order": vendor_deliveries.retried_in_any_order,
        "id used again after 34 days": vendor_deliveries.used_again_after_34_days,
        "ignored ids do not extend 34 days": vendor_deliveries.ignored_ids_do_not_extend_34_days,
    },
}


@dataclass(frozen=True)
class Kind:
    """A way of delivering an export of one layout."""

    layout: str
    way: str

    @property
    def is_ambiguous(self) -> bool:
        """Say whether nothing in the files tells this delivery from a restatement."""
        return self.way in _INSIDE

    def __str__(self) -> str:
        return f"{self.layout}: {self.way}"


KINDS = tuple(Kind(layout, way) for layout, ways in _WAYS.items() for way in ways)


class Moment(NamedTuple):
    """When a step is taken: before the build that ends a phase, and when in it."""

    phase: int
    time: float


@dataclass(frozen=True)
class Case:
    """One content, delivered in one way to one account and clean to another.

    `moments` has one for each step of the plan, in order; the clean files have their own.
    """

    number: int
    kind: Kind
    plan: Plan
    moments: tuple[Moment, ...]
    clean_moment: Moment

    def account(self, *, is_clean: bool) -> str:
        """Return the account of one side; a workspace of Databricks is a number."""
        if self.kind.layout == "databricks":
            return str(7_000_000_000_000_000 + 2 * self.number + is_clean)
        return f"{'clean' if is_clean else 'case'}-{self.number}"

    @property
    def total(self) -> tuple[int, Fraction]:
        """Return the records and the sum of the quantities that the clean files were given."""
        columns = QUANTITIES[self.kind.layout]
        rows = [row for file in self.plan.clean for row in file.rows]
        if not columns:
            return len(rows), Fraction(len(rows))
        given = [Fraction(str(row.cells[column])) for row in rows for column in columns]
        return len(given), sum(given, Fraction())

    def __str__(self) -> str:
        lines = [f"case {self.number}, {self.kind}"]
        lines += [f"  clean, phase {self.clean_moment.phase}: {file}" for file in self.plan.clean]
        for step, moment in zip(self.plan.steps, self.moments, strict=True):
            what = self.plan.files[step.file] if step.action == "load" else ""
            lines.append(f"  phase {moment.phase}: {step.action} {step.file} {what}".rstrip())
        lines.append(f"  again: USAGE_SEED={SEED} USAGE_CASE={self.number} pytest tests/usage")
        return "\n".join(lines)


def case_of(number: int) -> Case:
    kind = KINDS[number % len(KINDS)]
    draws = Random(f"{SEED}/{number}")  # noqa: S311  # to be repeated, not to be secret
    plan = _WAYS[kind.layout][kind.way](draws, kind.layout)
    clean, *drawn = [
        Moment(draws.randrange(PHASES - 1), draws.random()) for _ in range(1 + len(plan.steps))
    ]
    moments = sorted(drawn)
    if plan.steps[-1].action == "withdraw":
        moments[-1] = Moment(PHASES - 1, moments[-1].time)
    return Case(number, kind, plan, tuple(moments), clean)


def cases() -> Iterator[Case]:
    """Yield the cases asked for: the first USAGE_CASES, or the one USAGE_CASE names."""
    yield from map(case_of, [int(ONLY)] if ONLY else range(COUNT))
