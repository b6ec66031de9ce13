"""Rows into a raw table through COPY, in PostgreSQL's binary format, on one connection.

The format is https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS; texts go
as they are, so nothing is quoted or parsed a second time. A COPY takes a bounded number of batches:
a server tells of its errors only when one ends.
"""

from contextlib import ExitStack
from functools import lru_cache
from types import TracebackType
from typing import Self

import psycopg
import pyarrow as pa
from pgpq import ArrowToPostgresBinaryEncoder
from psycopg import Connection, Copy, Cursor

from loader.batches import Batch
from loader.errors import DatabaseError
from loader.exports import Export
from loader.raw_tables import LOAD_ID, ROW_NUMBER, copy_statement

_BATCHES_PER_COPY = 64


class GivenUpError(Exception):
    """Ends a COPY that is not to be kept; its text goes to the server's log."""

    def __init__(self) -> None:
        super().__init__("the load was given up")


# Thousands of small files are of the same export.
@lru_cache(64)
def _statement_and_schema(export: Export) -> tuple[bytes, pa.Schema]:
    texts = [(column.name, pa.string()) for column in export.columns]
    schema = pa.schema([*texts, (LOAD_ID, pa.int64()), (ROW_NUMBER, pa.int64())])
    return copy_statement(export).as_bytes(), schema


class CopyWriter:
    """Copies batches within the transaction of its connection; used as a context manager."""

    def __init__(self, connection: Connection, export: Export, load_id: int, place: str) -> None:
        self._connection = connection
        self._place = place
        self._load_id = pa.scalar(load_id, pa.int64())
        self._statement, self._schema = _statement_and_schema(export)
        self._stack = ExitStack()
        self._copy: Copy | None = None
        self._cursor: Cursor | None = None
        self._encoder: ArrowToPostgresBinaryEncoder | None = None
        self._batches = self._rows = 0

    def write(self, batch: Batch) -> None:
        """Send the rows of a batch. Raises `DatabaseError` when the server took fewer rows."""
        if len(batch.line_numbers):
            try:
                self._write(batch, len(batch.line_numbers))
            except (psycopg.Error, DatabaseError):
                raise
            except Exception as error:  # noqa: BLE001  # its text may hold content
                message = f"a row could not be written: {type(error).__name__}"
                hint = "nothing was loaded; this is a fault of the loader"
                raise DatabaseError(message, hint) from None

    def _write(self, batch: Batch, count: int) -> None:
        if self._copy is None or self._encoder is None:
            self._cursor = self._connection.cursor()
            self._copy = self._stack.enter_context(self._cursor.copy(self._statement))
            self._encoder = ArrowToPostgresBinaryEncoder(self._schema)
            self._copy.write(self._encoder.write_header())
        arrays = [*batch.rows, pa.repeat(self._load_id, count), batch.line_numbers]
        rows = pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        # A view, of which psycopg takes its parts without copying them first.
        self._copy.write(memoryview(self._encoder.write_batch(rows)))
        self._batches, self._rows = self._batches + 1, self._rows + count
        if self._batches == _BATCHES_PER_COPY:
            self.flush()

    def flush(self) -> None:
        """End the COPY that is open, and compare the rows sent with the rows taken."""
        if self._copy is None or self._encoder is None or self._cursor is None:
            return
        self._copy.write(self._encoder.finish())
        self._stack.close()
        taken, rows = self._cursor.rowcount, self._rows
        self._cursor.close()
        self._copy = self._encoder = self._cursor = None
        self._batches = self._rows = 0
        if taken != rows:
            message = f"{self._place}: PostgreSQL took {taken:,} rows of {rows:,}"
            raise DatabaseError(message, "nothing was loaded")

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the COPY, or make the server forget it when an error is on its way."""
        if kind is None:
            self.flush()
        else:
            self.abandon()

    def abandon(self) -> None:
        """Make the server forget the COPY that is open; no content reaches its log."""
        stack, self._stack = self._stack, ExitStack()
        self._copy = None
        given_up = GivenUpError()
        try:
            stack.__exit__(GivenUpError, given_up, None)
        except (GivenUpError, psycopg.Error):
            # The server's own error, if there was one, is already being raised.
            return
