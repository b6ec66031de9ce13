"""Loads one file in one transaction: all of it with its ledger row, or nothing.

Records are parsed and proven outside of COPY, which gets them in batches: an error of the data
never happens while the server listens, so no content can reach its log. `_row_number` is the line
of the file a record starts on, so a row of a mart can be traced to FILE:LINE.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

import psycopg
from psycopg import Connection

from loader import ledger
from loader.errors import DatabaseError, DataRefusedError, LoaderError
from loader.exports import Export
from loader.files import LocalFile, Source, read_through
from loader.ledger import Begun, Content, Counts
from loader.parsing import Reading, read_export
from loader.problems import RefusedRowsError, without_content
from loader.raw_tables import copy_statement
from loader.records import Record
from loader.tally import Tally, batches, sift

Progress = Callable[[int, int], None]
Status = Literal["loaded", "already_loaded", "loadable"]


@dataclass(frozen=True)
class Outcome:
    """What became of one file that was not refused; `load_id` is None after a check."""

    place: str
    status: Status
    export: str
    account_key: str
    load_id: int | None
    counts: Counts


def check_file(
    file: LocalFile,
    exports: Sequence[Export],
    *,
    account: str = "default",
    progress: Progress | None = None,
) -> Outcome:
    """Read and prove a file without a database; raise `DataRefusedError` as a load would."""
    source = Source(file)
    reading = read_export(source.chunks(), exports, file.place)
    tally = Tally()
    for batch in batches(sift(reading, tally)):
        tally.loaded += len(batch)
        _report(progress, source, tally)
    tally.refuse_problems(file.place)
    key = tally.account_key(reading.export, account)
    return Outcome(file.place, "loadable", reading.export.name, key, None, tally.counts())


def load_file(
    connection: Connection,
    file: LocalFile,
    exports: Sequence[Export],
    *,
    account: str = "default",
    progress: Progress | None = None,
) -> Outcome:
    """Load a file into its raw table and the ledger, or find that its bytes are loaded already.

    `connection` must not be in a transaction. `account` stands for the vendor's account where the
    export has no account column. Raises `DataRefusedError`, after which nothing of the file is
    kept but a failed row in the ledger, and `DatabaseError`.
    """
    whole = read_through(file)
    source = Source(file)
    reading = read_export(source.chunks(), exports, file.place)
    content = Content(
        export=reading.export.name,
        account_key="" if reading.export.account_column else account,
        uri=file.uri,
        file_name=file.name,
        sha256=whole.sha256,
        bytes=whole.bytes_read,
    )
    attempt = _Attempt(connection, file, source, reading, content, progress)
    with _database_errors(file.place):
        try:
            with connection.transaction():
                return attempt.run()
        except (LoaderError, psycopg.Error) as error:
            attempt.record_failure(error)
            raise


@dataclass
class _Attempt:
    """One try to load one file."""

    connection: Connection
    file: LocalFile
    source: Source
    reading: Reading
    content: Content
    progress: Progress | None
    begun: Begun | None = None
    tally: Tally = field(default_factory=Tally)

    def run(self) -> Outcome:
        """Do everything that belongs into the load's transaction."""
        export = self.reading.export
        # PGCLIENTENCODING must not decide how text reaches the table.
        self.connection.execute("select pg_catalog.set_config('client_encoding', 'UTF8', true)")
        ledger.lock_content(self.connection, self.content)
        names_account = export.account_column is not None
        earlier = ledger.find_loaded(self.connection, self.content, any_account=names_account)
        if earlier is not None:
            counts = Counts(
                earlier.rows_read, earlier.rows_loaded, earlier.rows_rejected, earlier.rows_blank
            )
            key = earlier.account_key
            return Outcome(
                self.file.place, "already_loaded", export.name, key, earlier.load_id, counts
            )
        self.begun = ledger.begin(self.connection, self.content)
        for batch in batches(sift(self.reading, self.tally)):
            self._copy(batch, self.begun.load_id)
            _report(self.progress, self.source, self.tally)
        self.tally.refuse_problems(self.file.place)
        self._refuse_changed_file()
        self._assert_balance()
        key = self.tally.account_key(export, self.content.account_key)
        ledger.finish(self.connection, self.begun.load_id, key, self.tally.counts())
        return Outcome(
            self.file.place, "loaded", export.name, key, self.begun.load_id, self.tally.counts()
        )

    def _copy(self, batch: Sequence[Record], load_id: int) -> None:
        with self.connection.cursor() as cursor:
            with cursor.copy(copy_statement(self.reading.export)) as copy, _neutral_errors():
                for line_number, _, _, fields in batch:
                    copy.write_row((*fields, load_id, line_number))
            if cursor.rowcount != len(batch):
                message = (
                    f"{self.file.place}: PostgreSQL took {cursor.rowcount:,} rows of {len(batch):,}"
                )
                raise DatabaseError(message, "nothing was loaded")
        self.tally.loaded += len(batch)

    def _refuse_changed_file(self) -> None:
        if self.source.sha256 != self.content.sha256:
            message = f"{self.file.place}: changed while it was read"
            hint = "nothing was loaded; load it again once it is written completely"
            raise DataRefusedError(message, hint)

    def _assert_balance(self) -> None:
        counts = self.tally.counts()
        if counts.read != counts.loaded + counts.rejected + counts.blank:
            message = f"{self.file.place}: records were lost between reading and loading: {counts}"
            raise DatabaseError(message, "nothing was loaded; this is a fault of the loader")

    def record_failure(self, error: LoaderError | psycopg.Error) -> None:
        """Enter the failed load in the ledger; that this fails too must not hide the error."""
        if self.begun is None:
            return
        counts, failure = self.tally.counts(), _failure(error)
        with suppress(psycopg.Error), self.connection.transaction():
            ledger.record_failure(self.connection, self.begun, self.content, counts, failure)


def _failure(error: LoaderError | psycopg.Error) -> str:
    if isinstance(error, RefusedRowsError):
        return without_content(error.problems, error.total)
    if isinstance(error, LoaderError):
        return error.message
    return f"PostgreSQL: {error.sqlstate or 'connection lost'}"


def _report(progress: Progress | None, source: Source, tally: Tally) -> None:
    if progress is not None:
        progress(source.bytes_read, tally.loaded)


@contextmanager
def _neutral_errors() -> Iterator[None]:
    """Keep a Python error inside COPY from carrying content: psycopg sends its text to the log."""
    try:
        yield
    except psycopg.Error:
        raise
    except Exception as error:  # noqa: BLE001  # whatever it is, its text must not go out
        message = f"a row could not be written: {type(error).__name__}"
        raise DatabaseError(message, "nothing was loaded; this is a fault of the loader") from None


@contextmanager
def _database_errors(place: str) -> Iterator[None]:
    """Turn PostgreSQL's errors into ours, without the DETAIL and CONTEXT that quote rows."""
    try:
        yield
    except psycopg.Error as error:
        if error.sqlstate is None:
            message = f"{place}: the connection to PostgreSQL was lost"
            hint = "load the file again: whether it was committed is known by its content"
            raise DatabaseError(message, hint) from None
        # Class 22 and 23 quote values in the message itself.
        quotes_data = error.sqlstate[:2] in {"22", "23"}
        primary = "" if quotes_data else f": {error.diag.message_primary}"
        message = f"{place}: PostgreSQL refused the load ({error.sqlstate}){primary}"
        raise DatabaseError(message, "nothing was loaded") from None
