"""What becomes of the items of a file while it is read: counted, sifted, cut into batches."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from loader.exports import Export
from loader.ledger import Counts
from loader.parsing import Reading
from loader.problems import MAX_SHOWN, RefusedRowsError
from loader.records import Blank, Problem, Record

# Small enough that a server's error is noticed soon and memory stays low; COPY costs the same.
_BATCH_ROWS = 20_000
_BATCH_BYTES = 1 << 23


@dataclass
class Tally:
    """Counts that grow while a file is read, its first problems, and the accounts of its rows."""

    read: int = 0
    loaded: int = 0
    rejected: int = 0
    blank: int = 0
    problems: list[Problem] = field(default_factory=list)
    accounts: set[str | None] = field(default_factory=set)

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
        """Raise `RefusedRowsError` when any record was refused."""
        if self.problems:
            raise RefusedRowsError(place, self.problems, self.rejected)


def sift(reading: Reading, tally: Tally) -> Iterator[Record]:
    """Count everything that is read; yield the records up to the first problem."""
    columns = [column.name for column in reading.export.columns]
    account = reading.export.account_column
    at = None if account is None else columns.index(account)
    for item in reading.items:
        tally.read += 1
        if isinstance(item, Problem):
            tally.rejected += 1
            if len(tally.problems) < MAX_SHOWN:
                tally.problems.append(item)
        elif isinstance(item, Blank):
            tally.blank += 1
        elif not tally.problems:
            if at is not None:
                tally.accounts.add(item.fields[at])
            yield item


def batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    """Yield the records in lists of a bounded number and size."""
    batch: list[Record] = []
    size = 0
    for record in records:
        batch.append(record)
        size += len(record.raw)
        if len(batch) == _BATCH_ROWS or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
