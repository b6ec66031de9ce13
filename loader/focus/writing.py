"""Rows of the mart as CSV or Parquet, streamed: memory does not grow with their number.

PostgreSQL writes CSV by itself, a row at a time, and does so faster than rows could be fetched and
written here. Parquet is made of the same stream, a few megabytes at a time, by Arrow's own parser:
no number ever passes through a Python float.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

import pyarrow as pa
from psycopg import Connection, sql
from pyarrow import csv, parquet

from loader.focus.columns import RELATION, Column

Report = Callable[[int], None]
_CHUNK_BYTES = 8 << 20
_REPORT_ROWS = 5_000


class Digest:
    """A stream that remembers length and SHA-256 of what is written to it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self.bytes = 0
        self.closed = False

    def write(self, data: bytes) -> int:
        """Write bytes, all of them."""
        self._hash.update(data)
        self.bytes += len(data)
        return self._stream.write(data)

    def flush(self) -> None:
        """Flush the stream."""
        self._stream.flush()

    @property
    def sha256(self) -> str:
        """Digest of everything written so far."""
        return self._hash.hexdigest()


def write_csv(
    connection: Connection[Any],
    columns: Sequence[Column],
    condition: sql.Composable,
    stream: Digest,
    report: Report,
) -> int:
    """Write header and rows; return the number of rows. Text that is a formula gets a quote."""
    stream.write(",".join(column.name for column in columns).encode() + b"\n")
    count = 0
    for row in _csv_rows(connection, columns, condition, harmless=True):
        stream.write(row)
        count += 1
        if count % _REPORT_ROWS == 0:
            report(count)
    return count


def write_parquet(
    connection: Connection[Any],
    columns: Sequence[Column],
    condition: sql.Composable,
    stream: Digest,
    report: Report,
) -> int:
    """Write the rows with their types; return the number of rows."""
    schema = pa.schema([(column.name, column.arrow_type) for column in columns])
    count = 0
    with parquet.ParquetWriter(
        pa.PythonFile(stream, mode="w"), schema, compression="zstd"
    ) as writer:
        for chunk in _chunks(_csv_rows(connection, columns, condition, harmless=False)):
            table = _table(chunk, schema)
            writer.write_table(table)
            count += table.num_rows
            report(count)
    return count


def _csv_rows(
    connection: Connection[Any],
    columns: Sequence[Column],
    condition: sql.Composable,
    *,
    harmless: bool,
) -> Iterator[bytes]:
    """Yield each row as a line of CSV. Null is nothing between two commas, empty text is quoted."""
    query = sql.SQL("copy (select {} from {} where {}) to stdout with (format csv)").format(
        sql.SQL(", ").join(column.written(harmless=harmless) for column in columns),
        sql.SQL(RELATION),
        condition,
    )
    with connection.cursor() as cursor, cursor.copy(query) as rows:
        for row in rows:
            yield bytes(row)


def _chunks(rows: Iterator[bytes]) -> Iterator[bytes]:
    chunk = bytearray()
    for row in rows:
        chunk += row
        if len(chunk) >= _CHUNK_BYTES:
            yield bytes(chunk)
            chunk.clear()
    if chunk:
        yield bytes(chunk)


def _table(chunk: bytes, schema: pa.Schema) -> pa.Table:
    return csv.read_csv(
        pa.BufferReader(chunk),
        read_options=csv.ReadOptions(
            column_names=schema.names, use_threads=False, block_size=len(chunk)
        ),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=schema,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
