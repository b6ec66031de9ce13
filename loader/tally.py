"""What became of the records of a file while it is read: counts, problems, accounts."""

from bisect import insort
from dataclasses import dataclass, field
from decimal import Decimal
from threading import Lock
from typing import Literal

from loader.batches import Batch
from loader.errors import DataRefusedError
from loader.exports import Export
from loader.ledger import Counts
from loader.problems import MAX_SHOWN, RefusedRowsError
from loader.records import Problem
from loader.spool import Spool

OnError = Literal["abort", "quarantine"]


@dataclass(frozen=True)
class Tolerance:
    """What to do with refused records: `share` and `count` are limits, None for no limit."""

    on_error: OnError = "abort"
    count: int | None = None
    share: Decimal | None = None

    def __str__(self) -> str:
        """Return the limit as it was asked for."""
        return f"{self.share}%" if self.share is not None else f"{self.count:,}"


@dataclass
class Tally:
    """Counts that grow while a file is read, by batches from several threads.

    `problems` are the first twenty by line; under quarantine `spool` holds all of them.
    """

    tolerance: Tolerance = field(default_factory=Tolerance)
    read: int = 0
    loaded: int = 0
    rejected: int = 0
    blank: int = 0
    problems: list[Problem] = field(default_factory=list)
    accounts: set[str | None] = field(default_factory=set)
    spool: Spool | None = None
    unkept: int | None = None
    _lock: Lock = field(default_factory=Lock)

    def add(self, batch: Batch) -> bool:
        """Count a batch; say whether its rows are still wanted."""
        with self._lock:
            self.read += batch.read
            self.blank += batch.blank
            self.rejected += len(batch.problems)
            self.accounts |= batch.accounts
            for problem in batch.problems:
                self._keep(problem)
            is_wanted = not self.is_given_up
            if is_wanted:
                self.loaded += len(batch.line_numbers)
            return is_wanted

    def _keep(self, problem: Problem) -> None:
        if self.tolerance.on_error == "quarantine" and problem.raw is None:
            self.unkept = problem.line_number
        elif self.tolerance.on_error == "quarantine":
            self.spool = self.spool or Spool()
            self.spool.append(problem)
        if len(self.problems) < MAX_SHOWN or problem.line_number < self.problems[-1].line_number:
            insort(self.problems, problem._replace(raw=None), key=lambda kept: kept.line_number)
            del self.problems[MAX_SHOWN:]

    @property
    def is_given_up(self) -> bool:
        """Whether enough was refused for nothing to be loaded."""
        if self.tolerance.on_error == "abort":
            return self.rejected > 0
        return self.tolerance.count is not None and self.rejected > self.tolerance.count

    def close(self) -> None:
        """Give up the problems that nobody read."""
        if self.spool is not None:
            self.spool.close()

    def counts(self) -> Counts:
        """Return the counts as they stand."""
        return Counts(self.read, self.loaded, self.rejected, self.blank)

    def account_key(self, export: Export, account: str) -> str:
        """Return the one account of all rows, '' for several or none, or else `account`."""
        if export.account_column is None:
            return account
        only = next(iter(self.accounts)) if len(self.accounts) == 1 else None
        return only or ""

    def refuse_problems(self, place: str) -> None:
        """Raise `RefusedRowsError` when more records were refused than is tolerated."""
        if self.is_given_up or self._exceeds_share():
            advice = self._advice()
            raise RefusedRowsError(place, self.problems, self.rejected, advice)
        if self.unkept is not None:
            message = f"{place}:{self.unkept}: the line is longer than 32 MiB, too long to be kept"
            raise DataRefusedError(message, "nothing was loaded; fix the line")

    def _exceeds_share(self) -> bool:
        records = self.read - self.blank
        share = self.tolerance.share
        return share is not None and self.rejected * 100 > share * records

    def _advice(self) -> str:
        if self.tolerance.on_error == "abort":
            rows = "row" if self.rejected == 1 else f"{self.rejected:,} rows"
            return (
                f"nothing was loaded; fix the {rows} and load the file again,"
                " or load the rest with --on-error quarantine"
            )
        records = self.read - self.blank
        return (
            f"nothing was loaded: {self.rejected:,} of {records:,} records are refused,"
            f" more than --max-errors {self.tolerance}"
        )
