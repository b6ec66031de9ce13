"""Delivers all cases to one database at once: every case has accounts of its own.

Steps of the cases are mixed at random and spread over phases, each of which ends with a build, so
that a case's files arrive before and after builds that have seen a part of it.
"""

import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import comparing
import psycopg
from cases import ONLY, PHASES, SEED, Case, Kind, Moment, cases
from comparing import Difference
from exported_rows import content
from loads import load_file
from plans import Step

from loader import ledger, raw_tables
from loader.building import build
from loader.exports import Export, read_exports
from loader.inputs import expand
from loader.project import Project

SUMMARY: list[str] = []
# What a build of the usage and its charges takes; seeds change nothing after the first.
SELECTION = ("--select", *(f"+{mart.rpartition('.')[2]}" for mart in comparing.BUILT))
# What a build tests of the loads, however they came: a test that fails fails the delivery.
PROOFS = (
    "assert_every_row_of_every_load_is_accounted_for",
    "assert_usage_is_what_slices_hold",
    "assert_usage_survives_pricing",
    "assert_owned_costs_are_the_charges",
    "assert_focus_costs_are_the_charges",
    "assert_first_events_survive_conforming",
    "assert_restatements_lead_to_what_counts",
    "test_name:loads_survive_staging",
    "test_name:usage_survives_conforming",
)
_NOT_BUILT = ("--exclude", "stg_infrasage__usage_breakdowns")
_NO_TESTS = ("resource_type:test", "resource_type:unit_test")


@dataclass
class Seconds:
    """Where the time went: by name, seconds of the wall clock."""

    spent: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.spent.items())


@dataclass
class Delivery:
    """Loads and withdraws as a person would, in this process."""

    connection: psycopg.Connection
    project: Project
    folder: Path
    exports: tuple[Export, ...]
    loads: Counter[str] = field(default_factory=Counter)
    seconds: Seconds = field(default_factory=Seconds)
    _load_ids: dict[tuple[int, bool, int], int | None] = field(default_factory=dict)

    def load(self, case: Case, number: int, *, is_clean: bool = False) -> None:
        file = (case.plan.clean if is_clean else case.plan.files)[number]
        account = case.account(is_clean=is_clean)
        place = self.folder / account / ("" if file.is_overwritten else str(number))
        load_id = self.load_bytes(place / file.file_name(account), content(file, account), account)
        self._load_ids[case.number, is_clean, number] = load_id

    def load_bytes(self, path: Path, data: bytes, account: str) -> int | None:
        """Write a file, over an earlier one of its name, and load it; return its load."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        (opened,) = expand([str(path)])
        outcome = load_file(self.connection, opened, self.exports, account=account)
        self.loads[outcome.status] += 1
        return outcome.load_id

    def take(self, case: Case, step: Step) -> None:
        if step.action == "load":
            self.load(case, step.file)
        else:
            load_id = self._load_ids[case.number, False, step.file]
            assert load_id is not None
            assert ledger.withdraw(self.connection, [load_id]) == (load_id,)
            self.loads["withdrawn"] += 1

    def deliver(self, cases: Sequence[Case]) -> None:
        """Load everything, phase by phase, and build after each."""
        for number, steps in enumerate(_phases(cases)):
            begun = time.monotonic()
            for case, step in steps:
                if step is None:
                    for clean in range(len(case.plan.clean)):
                        self.load(case, clean, is_clean=True)
                else:
                    self.take(case, step)
            self.seconds.spent["loads"] += time.monotonic() - begun
            self.build(is_first=number == 0)

    def build(self, *arguments: str, is_first: bool = False) -> None:
        begun = time.monotonic()
        excluded = _NO_TESTS if is_first else (*_NO_TESTS, "resource_type:seed")
        wanted = [*SELECTION, "--exclude", *excluded, *arguments]
        # dbt runs in this process, and what it warns of is not what is tested here.
        with warnings.catch_warnings(action="ignore"):
            result = build(self.project, wanted, seeds=self.project.demo_seeds, quiet=True)
        result.raise_failures()
        self.seconds.spent["full build" if arguments else "builds"] += time.monotonic() - begun

    def prove(self) -> None:
        """Run the build's own tests of what counts; raise if one fails."""
        begun = time.monotonic()
        with warnings.catch_warnings(action="ignore"):
            result = build(self.project, ["--select", *PROOFS, *_NOT_BUILT], quiet=True)
        result.raise_failures()
        assert result.passed["test"] >= len(PROOFS)
        self.seconds.spent["proofs"] += time.monotonic() - begun


def delivery_to(connection: psycopg.Connection, project: Project, folder: Path) -> Delivery:
    exports = read_exports(project)
    raw_tables.prepare(connection, exports)
    # A database that is thrown away need not survive a power cut.
    connection.execute("set synchronous_commit = off")
    return Delivery(connection, project, folder, exports)


def _phases(cases: Sequence[Case]) -> Iterator[list[tuple[Case, Step | None]]]:
    """Yield the steps of each phase: every case's own in order, all cases mixed; None is clean."""
    timed: list[tuple[Moment, Case, Step | None]] = [
        (moment, case, step)
        for case in cases
        for moment, step in zip(case.moments, case.plan.steps, strict=True)
    ]
    timed += [(case.clean_moment, case, None) for case in cases]
    timed.sort(key=lambda entry: (entry[0], entry[1].number))
    for phase in range(PHASES):
        yield [(case, step) for moment, case, step in timed if moment.phase == phase]


@dataclass(frozen=True)
class Delivered:
    """All cases, and what came of them."""

    connection: psycopg.Connection
    cases: tuple[Case, ...]
    differences: dict[int, list[Difference]]
    clean_totals: dict[int, tuple[int, Fraction]]
    too_often: set[int]
    repeated_ids: dict[str, int]
    after_phases: dict[str, tuple[int, str]]
    after_another_build: dict[str, tuple[int, str]]
    after_a_full_refresh: dict[str, tuple[int, str]]

    def of(self, kind: Kind) -> list[Case]:
        return [case for case in self.cases if case.kind == kind]


def deliver_all(delivery: Delivery) -> Delivered:
    """Deliver the cases, compare, and build twice more: as usual, and everything anew."""
    chosen, connection = tuple(cases()), delivery.connection
    delivery.deliver(chosen)
    begun = time.monotonic()
    comparing.name_sides(connection, chosen)
    found, too_often = comparing.differences(connection), comparing.counted_too_often(connection)
    totals, after_phases = comparing.clean_totals(connection), comparing.digests(connection)
    repeated = comparing.repeated_ids(connection)
    delivery.seconds.spent["comparisons"] += time.monotonic() - begun
    delivery.prove()
    delivery.build()
    after_another = comparing.digests(connection)
    delivery.build("--full-refresh")
    after_refresh = comparing.digests(connection)
    _summarize(delivery, chosen, found)
    return Delivered(
        *(connection, chosen, found, totals, too_often, repeated),
        *(after_phases, after_another, after_refresh),
    )


def _summarize(
    delivery: Delivery, chosen: Sequence[Case], found: dict[int, list[Difference]]
) -> None:
    files = ", ".join(f"{count:,} {status}" for status, count in sorted(delivery.loads.items()))
    which = f"case {ONLY}" if ONLY else f"{len(chosen)} cases (USAGE_CASES)"
    SUMMARY.append(f"usage: {which}, seed {SEED} (USAGE_SEED): {files}; {delivery.seconds}")
    cases_of = Counter(case.kind for case in chosen)
    wrong = Counter(case.kind for case in chosen if case.number in found)
    SUMMARY.extend(
        f"usage: {kind}: {cases_of[kind] - wrong[kind]} of {cases_of[kind]} as the clean load"
        for kind in cases_of
        if kind.is_ambiguous
    )
