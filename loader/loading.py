"""Loads a file: all of it with its ledger row, or nothing.

A small file is one transaction. A large one is copied over several connections, whose rows nobody
counts before the ledger says so: its row is committed first as `loading`, the copies are committed
last, and one transaction then switches the load to `loaded`. Whatever dies in between leaves rows
of a load that is not loaded, which the next run removes.

`_row_number` is the line of the file a record starts on, so a row of a mart leads to FILE:LINE.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Literal

import psycopg
from psycopg import Connection

from loader import ledger, locks, raw_tables, rejects
from loader.batches import Batch
from loader.committing import commit
from loader.content import HashedContent, hash_of
from loader.copying import CopyWriter
from loader.errors import DatabaseError, LoaderError
from loader.evolution import added_columns
from loader.exports import Export
from loader.inputs import Input, Reader
from loader.ledger import Begun, Content, Counts, Load
from loader.parsing import Reading, read_export
from loader.pipeline import Sink, run
from loader.problems import RefusedRowsError, without_content
from loader.tally import Tally, Tolerance

Progress = Callable[[int, int], None]
Status = Literal["loaded", "already_loaded", "loadable"]
# What is written before the ledger's last word reaches the disk with that, or does not count.
_NOT_WAITING = "set local synchronous_commit = off"
_UNKNOWN_HASH = "0" * 64


@dataclass(frozen=True)
class Outcome:
    """What became of one file that was not refused; `load_id` is None after a check."""

    place: str
    status: Status
    export: str
    account_key: str
    load_id: int | None
    counts: Counts
    replaced: tuple[int, ...] = ()
    replaced_by: int | None = None
    added_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Request:
    """How files are to be read: as which exports, for which account, with what tolerance."""

    exports: Sequence[Export]
    account: str = "default"
    tolerance: Tolerance = field(default_factory=Tolerance)
    evolve: bool = False


@dataclass(frozen=True)
class Session:
    """A connection in autocommit mode, a way to open more like it, and how many to copy over."""

    connection: Connection
    connect: Callable[[], Connection]
    jobs: int = 2


def check_file(file: Input, request: Request, *, progress: Progress | None = None) -> Outcome:
    """Read and prove a file without a database; raise `DataRefusedError` as a load would."""
    with file.open() as reader, closing(Tally(request.tolerance)) as tally:
        content = HashedContent(reader)
        reading = read_export(content.read, request.exports, file.place, evolve=request.evolve)
        report = _Report(progress, reader, tally)

        def count(batch: Batch) -> None:
            tally.add(batch)
            report()

        run(reading.jobs, [count] if content.is_whole else [count, count])
        tally.refuse_problems(file.place)
        reader.finish()
    export = reading.export
    key = tally.account_key(export, request.account)
    added = added_columns(export)
    return Outcome(
        file.place, "loadable", export.name, key, None, tally.counts(), added_columns=added
    )


def find_by_etag(session: Session, file: Input, request: Request) -> Outcome | None:
    """Return the outcome of an object that is loaded already, known without fetching it."""
    if file.etag is None:
        return None
    earlier = ledger.find_by_etag(session.connection, file.uri, file.etag)
    exports = {export.name: export for export in request.exports}
    if earlier is None or earlier.export not in exports:
        return None
    names_account = exports[earlier.export].account_column is not None
    if not names_account and earlier.account_key != request.account:
        return None
    return already_loaded(file, earlier)


def already_loaded(file: Input, earlier: Load) -> Outcome:
    """Return the outcome of a file whose content an earlier load has."""
    counts = Counts(
        earlier.rows_read, earlier.rows_loaded, earlier.rows_rejected, earlier.rows_blank
    )
    return Outcome(
        file.place,
        "already_loaded",
        earlier.export,
        earlier.account_key,
        earlier.load_id,
        counts,
        replaced_by=earlier.replaced_by,
    )


def load_file(
    session: Session, file: Input, request: Request, *, progress: Progress | None = None
) -> Outcome:
    """Load a file into its raw table and the ledger, or find that its bytes are loaded already.

    Raises `DataRefusedError`, after which nothing of the file is kept but a failed row in the
    ledger, and `DatabaseError`.
    """
    with (
        _database_errors(file.place),
        file.open() as reader,
        closing(Tally(request.tolerance)) as tally,
    ):
        content = HashedContent(reader)
        reading = read_export(content.read, request.exports, file.place, evolve=request.evolve)
        if added_columns(reading.export):
            raw_tables.prepare(session.connection, [reading.export])
        attempt = _Attempt(session, file, request, reader, content, reading, tally, progress)
        return attempt.run_whole() if content.is_whole else attempt.run_large()


class _Report:
    """Tells the progress bar, one thread at a time."""

    def __init__(self, progress: Progress | None, reader: Reader, tally: Tally) -> None:
        self._progress, self._reader, self._tally, self._lock = progress, reader, tally, Lock()

    def __call__(self) -> None:
        if self._progress is not None:
            with self._lock:
                self._progress(self._reader.stored_bytes_read, self._tally.read)


@dataclass
class _Transaction:
    """A transaction that is under way; `number` is what the server calls it, once known."""

    number: str | None = None


@dataclass
class _Attempt:
    """One try to load one file."""

    session: Session
    file: Input
    request: Request
    reader: Reader
    bytes: HashedContent
    reading: Reading
    tally: Tally
    progress: Progress | None
    begun: Begun | None = None
    is_copied: bool = False

    def run_whole(self) -> Outcome:
        """Load a small file, whose hash is known, in one transaction."""
        connection, content = self.session.connection, self._content()
        try:
            with _transaction(self.session) as transaction:
                claimed = ledger.claim(connection, content, any_account=self._names_account)
                if isinstance(claimed, Load):
                    return already_loaded(self.file, claimed)
                self.begun = claimed
                self._copy([connection], claimed)
                return self._finish(content, claimed, transaction)
        except (LoaderError, psycopg.Error) as error:
            self._record_failure(error, content)
            raise

    def run_large(self) -> Outcome:
        """Load a large file over several connections; its hash is known at the end."""
        connection = self.session.connection
        candidate = f"{self.reading.export.name} {self.bytes.beginning}"
        locks.lock_candidate(connection, candidate, patience=locks.PATIENCE_SECONDS)
        try:
            earlier = self._find_same_size()
            if earlier is not None:
                return already_loaded(self.file, earlier)
            return self._load_large()
        finally:
            with suppress(psycopg.Error):
                locks.unlock_candidate(connection, candidate)

    def _load_large(self) -> Outcome:
        connection = self.session.connection
        content = replace(self._content(), sha256=_UNKNOWN_HASH, bytes=0)
        with connection.transaction():
            connection.execute(_NOT_WAITING)
            self.begun = ledger.begin(connection, content)
            locks.hold(connection, self.begun.load_id)
        try:
            with ExitStack() as stack:
                copies = [
                    stack.enter_context(self.session.connect()) for _ in range(self.session.jobs)
                ]
                for number, copy in enumerate(copies, start=1):
                    locks.hold(copy, self.begun.load_id, copy=number)
                    copy.execute(f"{ledger.BEGIN}; {_NOT_WAITING}")
                self._copy(copies, self.begun)
                content = self._content()
                with _transaction(self.session) as transaction:
                    connection.execute(ledger.BEGIN)
                    ledger.lock_content(connection, content)
                    earlier = self._find_loaded(content)
                    if earlier is not None:
                        ledger.forget(connection, self.begun.load_id)
                        return already_loaded(self.file, earlier)
                    self.is_copied = True
                    for copy in copies:
                        commit(copy, self.session.connect)
                    return self._finish(content, self.begun, transaction)
        except (LoaderError, psycopg.Error) as error:
            self._record_failure(error, content)
            raise
        finally:
            with suppress(psycopg.Error):
                locks.release(connection, self.begun.load_id)

    def _find_loaded(self, content: Content) -> Load | None:
        return ledger.find_loaded(self.session.connection, content, any_account=self._names_account)

    @property
    def _names_account(self) -> bool:
        return self.reading.export.account_column is not None

    def _find_same_size(self) -> Load | None:
        """Return the load of the same bytes; read for their hash only where a size agrees."""
        size, stored = self.file.content_size, self.file.size
        if not ledger.loaded_of_size(self.session.connection, bytes=size, stored_bytes=stored):
            return None
        # Nothing says yet which load the session works on, and others may wait for the file.
        sign = locks.sign_of_life(self.session.connection)
        return self._find_loaded(replace(self._content(), sha256=hash_of(self.file, sign)))

    def _content(self) -> Content:
        export = self.reading.export
        covers = export.covered_by(self.file.name)
        return Content(
            export=export.name,
            account_key="" if export.account_column else self.request.account,
            uri=self.file.uri,
            file_name=self.file.name,
            sha256=self.bytes.sha256,
            bytes=self.bytes.bytes,
            header=self.reading.header,
            covers=covers,
            etag=self.file.etag,
            stored_bytes=self.file.size,
            added_columns=added_columns(export),
        )

    def _copy(self, connections: Sequence[Connection], begun: Begun) -> None:
        export, place = self.reading.export, self.file.place
        report = _Report(self.progress, self.reader, self.tally)
        with ExitStack() as stack:
            writers = [
                stack.enter_context(CopyWriter(connection, export, begun.load_id, place))
                for connection in connections
            ]
            run(self.reading.jobs, [self._sink(writer, report) for writer in writers])
            self.tally.refuse_problems(place)
        self.reader.finish()

    def _sink(self, writer: CopyWriter, report: Callable[[], None]) -> Sink:
        def sink(batch: Batch) -> None:
            if self.tally.add(batch):
                writer.write(batch)
            report()

        return sink

    def _finish(self, content: Content, begun: Begun, transaction: _Transaction) -> Outcome:
        """Switch the load to loaded and write the rejects; the transaction commits it."""
        connection, export = self.session.connection, self.reading.export
        counts = self.tally.counts()
        if counts.read != counts.loaded + counts.rejected + counts.blank:
            raise _records_lost(self.file.place, counts)
        key = self.tally.account_key(export, content.account_key)
        finished = ledger.finish(connection, begun, replace(content, account_key=key), counts)
        transaction.number = finished.xid
        kept = rejects.write(connection, begun.load_id, self.tally.spool or ())
        if kept != counts.rejected:
            raise _records_lost(self.file.place, replace(counts, rejected=kept))
        return Outcome(
            self.file.place,
            "loaded",
            export.name,
            key,
            begun.load_id,
            counts,
            replaced=finished.replaced,
            added_columns=added_columns(export),
        )

    def _record_failure(self, error: LoaderError | psycopg.Error, content: Content) -> None:
        """Enter the failed load in the ledger; that this fails too must not hide the error."""
        if self.begun is None:
            return
        connection, counts, failure = self.session.connection, self.tally.counts(), _failure(error)
        with suppress(psycopg.Error):
            if self.is_copied:
                raw_tables.remove(connection, self.reading.export, self.begun.load_id)
            ledger.record_failure(connection, self.begun, content, counts, failure)


@contextmanager
def _transaction(session: Session) -> Iterator[_Transaction]:
    """Run a block that begins a transaction, which is committed; resolve a lost answer to that."""
    connection, transaction = session.connection, _Transaction()
    try:
        yield transaction
    except BaseException:
        # An interrupt between the start of a COPY and its entry among what is to be ended leaves
        # psycopg's lock taken, which a rollback would wait for. The server undoes what is left.
        if connection.lock.locked():
            connection.close()
        with suppress(psycopg.Error):
            connection.execute("rollback")
        raise
    commit(connection, session.connect, number=transaction.number)


def _records_lost(place: str, counts: Counts) -> DatabaseError:
    message = f"{place}: records were lost between reading and loading: {counts}"
    return DatabaseError(message, "nothing was loaded; this is a fault of the loader")


def _failure(error: LoaderError | psycopg.Error) -> str:
    if isinstance(error, RefusedRowsError):
        return without_content(error.problems, error.total)
    if isinstance(error, LoaderError):
        return error.message
    return f"PostgreSQL: {error.sqlstate or 'connection lost'}"


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
