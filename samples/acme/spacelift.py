"""Spacelift usage: worker counts, and run minutes in two downloads that overlap by six days.

The older download ends on the 20th and the newer one starts on the 15th. Where both cover an hour
the newer one restates a few values and holds a row the older one lacks. Hours in which nothing ran
have no rows, as in the vendor's export.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from acme.month import DOUBLE, Draws, Month, at, double, is_working_day

COUNT_HEADER = "ID,Count,TimestampUnix,WorkerPoolName\n"
RUN_HEADER = (
    "TimestampUnix,StateDurationMinutes,Public,RunState,RunType,RunULID,StackName,StackSlug,"
    "StackULID,IsStack,WorkerPoolName,WorkerPoolULID\n"
)
OLDER_UNTIL, NEWER_FROM = 20, 15
POOLS = {
    "private-prod": "01HF3Q8ZT5K2V9WX0YB7M4N6RC",
    "private-dev": "01HF3QA61D8E7GJH4S2TPKZW5M",
}
# Of every 40 rows both downloads hold, the older one has an earlier value for one.
RESTATED_EVERY = 40
MISSING_IN_OLDER = 100


@dataclass(frozen=True)
class Stack:
    """A stack or module, the pool its runs go to (blank: public workers), and runs a day."""

    slug: str
    name: str
    pool: str
    runs: int
    is_stack: bool = True


@dataclass(frozen=True)
class Minutes:
    """The time one run spent in one state within one hour."""

    hour: datetime
    seconds: int
    state: str
    run_type: str
    run: str
    stack: Stack
    stack_ulid: str

    @property
    def key(self) -> tuple[datetime, str, str]:
        """What tells two rows apart."""
        return self.hour, self.run, self.state


STACKS = (
    Stack("growth-web-prod", "Growth / web (prod)", "private-prod", 2),
    Stack("payments-ledger-prod", "Payments / ledger (prod)", "private-prod", 2),
    Stack("payments-gateway-staging", "Payments / gateway, staging", "private-dev", 2),
    Stack("search-cluster-prod", "Search / cluster (prod)", "private-prod", 1),
    Stack("risk-models-prod", "Risk / models (prod)", "private-prod", 1),
    Stack("platform-network-prod", "Platform / network", "private-prod", 2),
    Stack("platform-eks-dev", "Platform / EKS dev", "private-dev", 3),
    Stack("data-platform-lake", "Data platform / lake", "private-prod", 1),
    Stack("growth-landing-pages", "Growth / landing pages", "", 4),
    Stack("legacy-dns", "legacy DNS [do not touch]", "", 2),
    Stack("terraform-aws-vpc", "terraform-aws-vpc", "", 3, is_stack=False),
)


def files(month: Month, seed: int) -> dict[str, str]:
    """The three downloads by their path."""
    rows = _run_minutes(month, seed)
    first, last = month.days[0], month.days[-1]
    older = [row for row in rows if row.hour.day <= OLDER_UNTIL]
    newer = [row for row in rows if row.hour.day >= NEWER_FROM]
    until, since = first.replace(day=OLDER_UNTIL), first.replace(day=NEWER_FROM)
    return {
        "spacelift/worker_count.csv": COUNT_HEADER + _worker_counts(month, seed),
        f"spacelift/run_minutes_{first}_{until}.csv": RUN_HEADER + _lines(_as_first_seen(older)),
        f"spacelift/run_minutes_{since}_{last}.csv": RUN_HEADER + _lines(newer),
    }


def _worker_counts(month: Month, seed: int) -> str:
    """Workers per pool and hour; the development pool is switched off at night."""
    draws = Draws(seed, "spacelift worker count")
    lines = []
    for hour in month.hours:
        working = is_working_day(hour.date())
        daytime = working and 6 <= hour.hour < 20  # noqa: PLR2004 -- 06:00 to 20:00
        counts = {"private-prod": 4 if daytime else 2, "private-dev": 3 if daytime else 0}
        for pool, usual in counts.items():
            count = usual - 1 if usual and draws.chance(12) else usual
            if count:
                lines.append(f"{len(lines) + 1},{count},{int(hour.timestamp())},{pool}\n")
    return "".join(lines)


def _run_minutes(month: Month, seed: int) -> list[Minutes]:
    """Every run of the month, cut at the hours, in the order of time."""
    draws = Draws(seed, "spacelift run minutes")
    ulids = {stack.slug: draws.ulid() for stack in STACKS}
    rows: list[Minutes] = []
    for day in month.days:
        for stack in STACKS:
            for _ in range(_runs_of(stack, day, draws)):
                rows += _run(stack, ulids[stack.slug], day, draws)
    end = month.hours[-1]
    return sorted((row for row in rows if row.hour <= end), key=lambda row: row.key)


def _runs_of(stack: Stack, day: date, draws: Draws) -> int:
    """Runs of a stack on a day; few at weekends, none of them in the pool that is off."""
    if is_working_day(day):
        return draws.integer(stack.runs - 1, stack.runs + 1)
    return int(stack.pool != "private-dev" and draws.chance(15 * stack.runs))


def _run(stack: Stack, stack_ulid: str, day: date, draws: Draws) -> list[Minutes]:
    """One run from being queued to its end, one row per state and hour."""
    run_type, states = _states(stack, draws)
    moment = at(day, draws.integer(8, 15)) + timedelta(seconds=draws.integer(0, 3599))
    run, rows = draws.ulid(), []
    for state, seconds in states:
        left = seconds
        while left:
            hour = moment.replace(minute=0, second=0)
            spent = min(left, 3600 - int((moment - hour).total_seconds()))
            rows.append(Minutes(hour, spent, state, run_type, run, stack, stack_ulid))
            moment += timedelta(seconds=spent)
            left -= spent
    return rows


def _states(stack: Stack, draws: Draws) -> tuple[str, list[tuple[str, int]]]:
    """The kind of run, and the seconds in each state. Waiting takes longest."""
    spent = draws.integer
    start = [
        *(("QUEUED", spent(20, 900)), ("READY", spent(5, 240))),
        *(("PREPARING", spent(15, 70)), ("INITIALIZING", spent(20, 120))),
    ]
    if not stack.is_stack:
        return "TESTING", [*start, ("PERFORMING", spent(300, 1500)), ("DESTROYING", spent(60, 400))]
    planned = [*start, ("PLANNING", spent(240, 2100))]
    if draws.chance(40):
        return "PROPOSED", planned
    if draws.chance(8):
        return "TASK", [*start, ("PERFORMING", spent(60, 500))]
    longest_wait = 7200 if stack.pool == "private-dev" else 43200
    waiting = "PENDING_REVIEW" if draws.chance(20) else "UNCONFIRMED"
    return "TRACKED", [
        *planned,
        *((waiting, spent(1200, longest_wait)), ("CONFIRMED", spent(10, 300))),
        *(("PREPARING_APPLY", spent(10, 40)), ("APPLYING", spent(300, 2700))),
    ]


def _as_first_seen(rows: list[Minutes]) -> list[Minutes]:
    """What the older download held: some minutes not yet counted, and one row not there at all."""
    shared = [row for row in rows if row.hour.day >= NEWER_FROM]
    missing = shared[MISSING_IN_OLDER]
    restated = {row.key for row in shared[::RESTATED_EVERY]} - {missing.key}
    seen = []
    for row in rows:
        if row != missing:
            earlier = row.seconds * 3 // 4 if row.key in restated else row.seconds
            seen.append(replace(row, seconds=max(earlier, 1)))
    return seen


def _lines(rows: list[Minutes]) -> str:
    """CSV lines; public runs have no pool, and names with a comma have quotes."""
    lines = []
    for row in rows:
        minutes = double(DOUBLE.divide(Decimal(row.seconds), Decimal(60)))
        name = f'"{row.stack.name}"' if "," in row.stack.name else row.stack.name
        fields = (
            *(int(row.hour.timestamp()), minutes, _boolean(not row.stack.pool), row.state),
            *(row.run_type, row.run, name, row.stack.slug, row.stack_ulid),
            *(_boolean(row.stack.is_stack), row.stack.pool, POOLS.get(row.stack.pool, "")),
        )
        lines.append(",".join(map(str, fields)) + "\n")
    return "".join(lines)


def _boolean(value: bool) -> str:  # noqa: FBT001 -- it formats one
    """True or false, as the vendor writes it."""
    return "true" if value else "false"
